"""Recordings: files of sound, their rate, and where they lie."""
