"""Lists of children laid side by side: who is the same child, who is on one side only, who may be the same under a slip of the pen.

Pure. `people` gives the lists.
"""
