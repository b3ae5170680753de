"""Dashboards and registries: the only place that imports their libraries."""
