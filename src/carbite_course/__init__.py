"""The course of the book: assignments from one source each, and a grader that runs submissions in a sandbox.

source -> student version (``building``); submissions -> sandboxed kernel -> answers, compared outside -> grades.
Nothing that a submission does can set its own score: it can only return values, which are compared elsewhere.
"""
