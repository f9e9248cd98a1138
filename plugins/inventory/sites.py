# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sites
short_description: Hosts and groups from the text files that describe home sites
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Turns a directory of site files into hosts, one for each device that has C(managed) or C(hypervisor), with the
    variables that Ansible needs to connect.
  - A host is called after its device and its site, such as V(rt.jikka).
  - Groups are V(site_…), V(role_…), V(kind_…) (what manages it, and its hypervisor) and V(tag_…) (the site's tags),
    below V(sites), V(roles), V(kinds) and V(tags), and those that O(groups) asks for.
  - A site file with an error gives a warning and what can be read of it; the other sites are all there.
  - Vaulted values stay vaulted, and of all texts only those of credentials are templates.
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [homevirt.fleet.sites]
  paths:
    description: Site files and directories of them, seen from the inventory file.
    type: list
    elements: path
    default: [sites]
  groups:
    description:
      - Further groups, each with a JMESPath expression. A host for which it is true is in the group.
      - The expression sees C(site) (C(slug), C(name), C(tags)) and C(device) (the keys of the site file).
    type: dict
    default: {}
  strict:
    description: Whether an error in a site file fails the inventory instead of giving a warning.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.inventory_cache
requirements:
  - jmespath, where O(groups) is used
notes:
  - The cache is of use with many sites. It notices when a site file has changed and is then not used.
seealso:
  - module: homevirt.fleet.site_check
"""

EXAMPLES = r"""
# inventory.yml, beside a directory sites
plugin: homevirt.fleet.sites
groups:
  upstairs: "device.location == 'nikai'"
  access_points_of_the_family: "device.role == 'access-point' && contains(site.tags, 'family')"
"""

import hashlib
import json
import os

from ansible.errors import AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable

from ..module_utils._common.errors import FleetError
from ..plugin_utils._site.files import read_sites, site_paths
from ..plugin_utils._site.glue import as_text, as_variable, text_reader
from ..plugin_utils._site.hosts import SiteHost, hosts_of
from ..plugin_utils._site.model_values import Secret

try:
    import jmespath
except ImportError:
    jmespath = None


class InventoryModule(BaseInventoryPlugin, Cacheable):
    NAME = "homevirt.fleet.sites"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        expressions = self._expressions()
        base = os.path.dirname(os.path.abspath(path))
        try:
            files = site_paths(os.path.join(base, given) for given in self.get_option("paths"))
        except (FleetError, OSError) as error:
            raise AnsibleParserError(str(error)) from error
        for host in self._hosts(path, files, cache):
            self._add(SiteHost(**host), expressions)

    def _expressions(self):
        wanted = self.get_option("groups")
        if wanted and jmespath is None:
            raise AnsibleParserError(missing_required_lib("jmespath"))
        compiled = {}
        for name, text in wanted.items():
            try:
                compiled[name] = jmespath.compile(str(text))
            except jmespath.exceptions.JMESPathError as error:
                said = str(error).splitlines()[0].rstrip(".: ")
                raise AnsibleParserError(f"groups: {name}: {text} is no JMESPath expression: {said}") from error
        return compiled

    def _hosts(self, path, files, cache):
        """The hosts as plain types, from the cache where no file has changed."""
        wanted = cache and self.get_option("cache")
        key, state = self.get_cache_key(path), _state_of(files)
        if wanted:
            kept = self._cache.get(key)
            if kept and kept["state"] == state:
                return kept["hosts"]
        read = read_sites(files, text_reader(self.loader))
        self._report(read)
        hosts = [host._asdict() for file in read if file.site is not None for host in hosts_of(file.site)]
        # Findings are no part of the cache: a site with an error is read again until it is mended.
        if self.get_option("cache") and not any(file.findings for file in read):
            self._cache[key] = {"state": state, "hosts": json.loads(json.dumps(hosts))}
        return hosts

    def _report(self, read):
        for file in read:
            if not file.findings:
                continue
            more = len(file.findings) - 1
            said = f"{file.findings[0]}" + (f" And {more} more: run homevirt.fleet.site_check." if more else "")
            if self.get_option("strict"):
                raise AnsibleParserError(said)
            self.display.warning(said)

    def _add(self, host, expressions):
        if self.inventory.get_host(host.name) is not None and self.inventory.get_host(host.name).vars.get("home_site"):
            self.display.warning(f"{host.name}: two devices of the sites have this name, the second is left out")
            return
        self.inventory.add_host(host.name)
        for name, value in host.variables.items():
            self.inventory.set_variable(host.name, name, as_text(value))
        for name, parts in host.secrets.items():
            ((kind, text),) = parts.items()
            self.inventory.set_variable(host.name, name, as_variable(self.loader, Secret(kind, text)))
        for above, names in host.groups.items():
            for name in names:
                parent = self.inventory.add_group(self._sanitize_group_name(above))
                self.inventory.add_child(parent, self._into(name, host))
        for name, expression in expressions.items():
            if self._holds(name, expression, host):
                self._into(name, host)

    def _into(self, name, host):
        group = self.inventory.add_group(self._sanitize_group_name(name))
        self.inventory.add_child(group, host.name)
        return group

    def _holds(self, name, expression, host):
        try:
            return bool(expression.search(host.facts))
        except jmespath.exceptions.JMESPathError as error:
            raise AnsibleParserError(f"groups: {name}: {error} (for {host.name})") from error


def _state_of(files):
    """What changes when a file does. One that is not there is a state as well."""
    facts = []
    for file in files:
        try:
            status = os.stat(file)
            facts.append((file, status.st_ino, status.st_size, status.st_mtime_ns))
        except OSError as error:
            facts.append((file, error.errno))
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
