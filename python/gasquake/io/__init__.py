"""Readers and writers of the files that gasquake lives on: one module per family, each library asked for when used."""
