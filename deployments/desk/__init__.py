"""The desk (工作台): the pages under `/filing/` on which the centre's people see who must do what, and do it.

`house.create` makes the application; the gate in front brings the person into its scope. Each page is a module of views with
its templates; what they show is asked of `tasks.desk` and `tasks.store`, and what they do is the commands' own functions.
"""
