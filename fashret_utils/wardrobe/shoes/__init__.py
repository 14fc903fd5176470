"""Shoes: attributes, form and finish, six shop views, and the street picture."""
