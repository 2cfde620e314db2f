"""Spreadsheets as laboratories keep them: their cells, tables, words and units, and a template of our own."""
