"""Ratings: files and their columns, users and items, and which ratings are held out."""
