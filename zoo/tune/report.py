def report(search):
    pass
