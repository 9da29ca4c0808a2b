"""Lists of children laid side by side: who is the same child, who is on one side only, who may be the same under a slip of the pen.

Pure. `lists` gives the township's own, `pairs` finds who belongs together, `reasons` says why two entries differ, `differences`
makes rows of it; `people` answers for the rules whether a child is surely on a list, `names` how alike two names are.
"""
