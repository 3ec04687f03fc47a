"""All pages about rules of calls: each of these modules puts its own on their one blueprint."""

from __future__ import annotations

from web.pages.views import (
    call_check,
    call_lists,
    call_rule_edit,
    call_rule_limits,
    call_rule_lists,
    call_rules,
)

MODULES = (call_rules, call_rule_edit, call_rule_lists, call_rule_limits, call_lists, call_check)
PAGES = call_rules.PAGES
