"""Files in and out: granules, catalogues, soundings."""
