"""The weekly summary, pure: what the store counted -> figures -> sentences, pictures and tables.

Figures never hold a subject, and never say more than the evidence does (DESIGN.md, sections 1, 5d and 9).
"""
