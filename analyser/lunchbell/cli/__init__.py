"""The commands, one file each. This is the top of the house: commands put the edges together."""
