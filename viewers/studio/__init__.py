"""The studio: paint on a tour's panoramas in the browser, erase, compare, save.

`app` puts it together; `routes` is what the page asks; `store` keeps the work; `work` erases in the shared
worker; `pictures` are what the page shows; `saving` writes results; `guard` keeps other sites out.
"""
