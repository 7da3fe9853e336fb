"""Random faults on real processes of the live path, checked against an independent count.

python -m tests.faults --runs 200 --seed 1 [--jobs 2]      a table; the seeds of failures are named
"""
