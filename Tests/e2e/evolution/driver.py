"""Drives evolution-data-server through libecal, as Evolution does; one JSON command a line comes in, one answer a line goes out.

Runs on Debian's own Python inside a D-Bus session of its own; see check_evolution.py.
"""

import json
import subprocess
import sys

import gi

gi.require_version("EDataServer", "1.2")
gi.require_version("ECal", "2.0")
gi.require_version("ICalGLib", "3.0")
from gi.repository import ECal, EDataServer, GLib, ICalGLib  # noqa: E402


class Driver:
    def __init__(self):
        # The keyring gives the password to the backends, so it must be open.
        subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input=b"keyring", check=True, stdout=subprocess.DEVNULL)
        self.registry = EDataServer.SourceRegistry.new_sync(None)
        self.clients = {}

    def add_account(self, url, user, password):
        """What Evolution's assistant for accounts writes: a collection with the address of the calendars' server."""
        source = EDataServer.Source.new_with_uid("kalends-account", None)
        source.set_display_name("Kalends")
        authentication = source.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION)
        authentication.set_user(user)
        authentication.set_method("plain/password")
        collection = source.get_extension(EDataServer.SOURCE_EXTENSION_COLLECTION)
        collection.set_backend_name("webdav")
        collection.set_calendar_url(url)
        collection.set_calendar_enabled(True)
        collection.set_contacts_enabled(False)
        collection.set_identity(user)
        source.store_password_sync(password, True, None)
        self.registry.commit_source_sync(source, None)

    def calendars(self):
        """The calendars that the account brought, with the part of their address after the host."""
        self.turn()
        found = []
        for source in self.registry.list_sources(EDataServer.SOURCE_EXTENSION_CALENDAR):
            if source.get_parent() == "kalends-account":
                path = source.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND).dup_resource_path()
                found.append([source.get_uid(), path, source.get_display_name()])
        return found

    def turn(self):
        """Takes in what the registry has told."""
        while GLib.MainContext.default().iteration(False):
            pass

    def client(self, uid):
        if uid not in self.clients:
            source = self.registry.ref_source(uid)
            self.clients[uid] = ECal.Client.connect_sync(source, ECal.ClientSourceType.EVENTS, 2, None)
        return self.clients[uid]

    def is_read_only(self, uid):
        client = self.client(uid)
        self.turn()
        return client.is_readonly()

    def refresh(self, uid):
        return self.client(uid).refresh_sync(None)

    def events(self, uid):
        found, components = self.client(uid).get_object_list_sync("#t", None)
        return [component.as_ical_string() for component in components] if found else []

    def create(self, uid, text):
        return self.client(uid).create_object_sync(ICalGLib.Component.new_from_string(text), ECal.OperationFlags.NONE, None)[1]

    def modify(self, uid, text, only_this, careful):
        flags = ECal.OperationFlags.CONFLICT_FAIL if careful else ECal.OperationFlags.NONE
        extent = ECal.ObjModType.THIS if only_this else ECal.ObjModType.ALL
        return self.client(uid).modify_object_sync(ICalGLib.Component.new_from_string(text), extent, flags, None)

    def remove(self, uid, event, occurrence):
        extent = ECal.ObjModType.THIS if occurrence else ECal.ObjModType.ALL
        return self.client(uid).remove_object_sync(event, occurrence, extent, ECal.OperationFlags.NONE, None)


def main():
    driver = Driver()
    print("ready", flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"value": getattr(driver, name)(*arguments)}
        except GLib.Error as error:
            answer = {"error": error.message}
        print(json.dumps(answer), flush=True)


main()
