"""Lunchbell: does social media use at a school keep to the school's own written policy?"""
