"""What pages show, made from stored snapshots: charts with their sentences and tables.

Imports charts, findings, choices and stored rows; pages and pictures import it.
It must not import `ratings`: nothing here computes a rating.
"""
