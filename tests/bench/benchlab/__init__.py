"""The measures of tests/bench/run, one a file, and the frame that they share.

frame.py runs a measure, repeats what the machine itself has spoilt and collects the values;
results.py keeps them as rows, plan.py says how much is measured, report.py and plots.py show it.
"""
