def report(search): pass
