"""The words on the figures, in English and Chinese."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Literal

from gasquake._optional import attempt_import

__all__ = [
    "FONT_NOTE", "Language", "cjk_font", "gas_and_orbit", "label", "model_label", "orbit_label", "usable_language",
]  # fmt: skip

Language = Literal["en", "zh"]

#: What is said once where Chinese was asked for and no font can write it.
FONT_NOTE = (
    "no Chinese font was found, so the figures are labelled in English; install one, as Debian's fonts-noto-cjk or "
    "fonts-wqy-microhei"
)

# Families that hold simplified Chinese, the plainest first.
_CJK_FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "STHeiti", "SimHei",
    "Sarasa Gothic SC", "Noto Sans CJK JP", "Noto Serif CJK SC", "Source Han Serif SC", "SimSun", "Songti SC",
    "AR PL UMing CN", "Droid Sans Fallback", "Arial Unicode MS",
)  # fmt: skip

# English text -> Chinese text. What is in braces is filled in.
_ZH = {
    "pressure (hPa)": "气压 (hPa)",
    "longitude": "经度",
    "latitude": "纬度",
    "date (UTC), {years}": "日期 (UTC)，{years}",
    "z-score (standard deviations)": "z 分数（标准差）",
    "z-score": "z 分数",
    "simulated data": "模拟数据",
    "no valid data": "无有效数据",
    "missing": "缺测",
    "below ground": "地面以下",
    "anomaly": "异常",
    "epicentre": "震中",
    "earthquake": "地震",
    "ascending": "升轨",
    "descending": "降轨",
    "all orbits": "全部轨道",
    "background": "背景",
    "before": "震前",
    "during": "震时",
    "after": "震后",
    "outside": "时段外",
    "mean of the stage": "各阶段均值",
    "difference from {stage}": "与{stage}之差",
    "{n} days": "{n} 天",
    "mean ± standard deviation of the days": "均值 ± 逐日标准差",
    "verdict": "判定",
    "undetermined": "无法判定",
    "none": "无异常",
    "rooted": "有根",
    "rootless": "无根",
    "mixed": "混合",
    "amplitude_only": "仅有幅度",
    "raw profile (paper)": "原始廓线（论文）",
    "involute about the epicentre": "渐开线（震中为心）",
    "involute from the epicentre": "渐开线（震中为起点）",
    "Archimedean spiral": "阿基米德螺线",
    "logarithmic spiral about the epicentre": "对数螺线（震中为心）",
    "logarithmic spiral from the epicentre": "对数螺线（震中为起点）",
    "counted level": "计入的层",
    "not counted": "未计入",
    "gradient, 90 % interval": "梯度，90% 区间",
    "threshold": "阈值",
    "quiet": "平静",
    "threshold ({z:g} σ)": "阈值 ({z:g} σ)",
    "quiet ({z:g} σ)": "平静 ({z:g} σ)",
    "split {p:g} hPa": "分界 {p:g} hPa",
    "{n} counted levels at {p:g} hPa and below (needs {least})": "{p:g} hPa 及以下计入 {n} 层（至少需 {least} 层）",
    "below the split: largest z {z} (threshold {t:g})": "分界以下：最大 z {z}（阈值 {t:g}）",
    "above the split: largest z {z} (threshold {t:g})": "分界以上：最大 z {z}（阈值 {t:g}）",
    "gradient {g} ± {se} {unit}": "梯度 {g} ± {se} {unit}",
    "falls with height": "随高度减小",
    "not shown to fall with height": "未证实随高度减小",
    "the averaging kernel carries no vertical shape": "平均核不含垂直形状信息",
    "above the threshold": "超过阈值",
    "daily maximum": "每日最大值",
    "1 − misfit of the spiral /\nmisfit of a fixed point": "1 − 螺线残差 / 定点残差",
    "larger: up to {n} days at one place": "较大者：同一位置最多 {n} 天",
    "number of random tracks": "随机轨迹数",
    "number of placebos": "安慰剂个数",
    "this track": "本轨迹",
    "this event": "本次地震",
    "{p}, {n} random tracks": "{p}，{n} 条随机轨迹",
    "{p}, {n} placebos": "{p}，{n} 个安慰剂",
    "{p}, {n} placebos worth {worth:.0f} independent ones": "{p}，{n} 个安慰剂，相当于 {worth:.0f} 个独立样本",
    "as much or more": "不小于本次",
    "score (standard deviations of the place's own years)": "得分（以该地历年标准差计）",
    "east of the epicentre (km)": "震中以东 (km)",
    "north of the epicentre (km)": "震中以北 (km)",
    "height (km)": "高度 (km)",
    "fitted helix": "拟合螺旋线",
    "correlation coefficient": "相关系数",
    "95 % interval": "95% 区间",
    "r [interval]": "r [区间]",
    "days": "天数",
    "independent": "独立",
    "published": "已发表",
    "rate of days (%)": "天数比例 (%)",
    "reference days": "参考日",
    "tested days": "检验日",
    "{hits} of {n}": "{n} 天中 {hits} 天",
    "days from {first}": "自 {first} 起的天数",
    ", ": "，",
    "{first}, {second}": "{first}，{second}",
    "{name}: {what}": "{name}：{what}",
    "score (mean z-score over the tested days)": "得分（检验日的平均 z 分数）",
}  # fmt: skip

_MODELS = {
    "involute_centre": "involute about the epicentre",
    "involute_cusp": "involute from the epicentre",
    "archimedean_centre": "Archimedean spiral",
    "logarithmic_centre": "logarithmic spiral about the epicentre",
    "logarithmic_cusp": "logarithmic spiral from the epicentre",
}


@cache
def cjk_font() -> str | None:
    """A font family of this machine that holds Chinese.

    Returns
    -------
    str or None
        The first family known to hold simplified Chinese that matplotlib has found, looked up once a process.
    """
    manager = attempt_import("matplotlib.font_manager", extra="study", purpose="to draw figures").fontManager
    known = {entry.name for entry in manager.ttflist}
    return next((family for family in _CJK_FAMILIES if family in known), None)


@cache
def _say_once() -> None:
    warnings.warn(FONT_NOTE, UserWarning, stacklevel=2)


def usable_language(language: Language, /) -> Language:
    """The language that labels can be drawn in.

    Parameters
    ----------
    language : {"en", "zh"}
        What was asked for.

    Returns
    -------
    {"en", "zh"}
        "en" where "zh" was asked for and no font can write it; that is warned of once a process.

    Raises
    ------
    ValueError
        For another language.

    Examples
    --------
    >>> usable_language("en")
    'en'
    """
    if language not in ("en", "zh"):
        raise ValueError(f"language must be 'en' or 'zh', got {language!r}")
    if language == "zh" and cjk_font() is None:
        _say_once()
        return "en"
    return language


def label(text: str, /, language: Language = "en", **values: Any) -> str:
    """A label in a language, with values filled in.

    Parameters
    ----------
    text : str
        The English text, with names in braces.
    language : {"en", "zh"}
        Of the result. A text without a translation stays as it is: the names of places and stages are the user's.
    **values : object
        What the names in braces stand for.

    Returns
    -------
    str
        For a figure.

    Examples
    --------
    >>> label("{n} days", n=7), label("{n} days", "zh", n=7)
    ('7 days', '7 天')
    """
    chosen = _ZH.get(text, text) if language == "zh" else text
    return chosen.format(**values) if values else chosen


def model_label(name: str, language: Language = "en", /) -> str:
    """A spiral's name in a language.

    Parameters
    ----------
    name : str
        As in `gasquake.motion`: kind and anchor.
    language : {"en", "zh"}
        Of the result.

    Returns
    -------
    str
        For a figure.

    Examples
    --------
    >>> model_label("involute_cusp"), model_label("archimedean_centre", "zh")
    ('involute from the epicentre', '阿基米德螺线')
    """
    return label(_MODELS.get(name, name), language)


def orbit_label(orbit: str, language: Language = "en", /) -> str:
    """An orbit as the figures write it.

    Parameters
    ----------
    orbit : str
        "ascending", "descending" or "all".
    language : {"en", "zh"}
        Of the result.

    Returns
    -------
    str
        For a figure.

    Examples
    --------
    >>> orbit_label("all"), orbit_label("ascending", "zh")
    ('all orbits', '升轨')
    """
    return label("all orbits" if orbit == "all" else orbit, language)


def gas_and_orbit(gas: str, orbit: str, language: Language = "en", /) -> str:
    """What a panel shows: a gas on an orbit.

    Parameters
    ----------
    gas : str
        As it is written.
    orbit : str
        As in `orbit_label`.
    language : {"en", "zh"}
        Of the result.

    Returns
    -------
    str
        For a figure.

    Examples
    --------
    >>> gas_and_orbit("CO", "ascending"), gas_and_orbit("CO", "ascending", "zh")
    ('CO, ascending', 'CO，升轨')
    """
    return label("{first}, {second}", language, first=gas, second=orbit_label(orbit, language))
