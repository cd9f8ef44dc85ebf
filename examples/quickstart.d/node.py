"""A load balancer: nginx behind HAProxy, and an agent that holds the address."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ADDRESS = "10.99.0.10"

NGINX = """daemon off; master_process off; worker_processes 1;
pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    server {{ listen 127.0.0.1:8080; location / {{ return 200 "{name}\\n"; }} }}
}}
"""
HAPROXY = """global
    maxconn 1000
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind *:80
    default_backend nginx
backend nginx
    server local 127.0.0.1:8080
"""


class Node:
    def __init__(self, lab, name, number, priority, make_agent):
        self.lab, self.name, self.priority = lab, name, priority
        self.namespace, self.address = f"{lab.prefix}-{name}", f"10.99.0.{number}"
        self.directory = f"{lab.directory}/{name}"
        os.makedirs(self.directory)
        self.agent = make_agent(self)

    def write(self, file, text):
        path = f"{self.directory}/{file}"
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def spawn(self, log, *command):
        return self.lab.spawn(self.namespace, *command, log=f"{self.directory}/{log}")

    def start_services(self):
        nginx = self.write("nginx.conf", NGINX.format(dir=self.directory, name=self.name))
        self.spawn("nginx.out", "nginx", "-e", f"{self.directory}/nginx.log", "-c", nginx)
        self.spawn("haproxy.log", "haproxy", "-db", "-f", self.write("haproxy.cfg", HAPROXY))
        self.spawn("echo.log", sys.executable, f"{HERE}/echo.py", self.name)

    def has_address(self):
        """Whether the kernel has the floating address, whatever the agent believes."""
        done = subprocess.run(["ip", "-n", self.namespace, "-json", "-4", "addr", "show", "eth0"],
                              capture_output=True, text=True, check=True)
        return any(a.get("local") == ADDRESS for link in json.loads(done.stdout)
                   for a in link.get("addr_info", ()))

    def cut(self):
        """As good as dead: no frame leaves the node or reaches it; its own link stays up."""
        self.lab.port(self.name, "nomaster")

    def mend(self):
        self.lab.port(self.name, "master", "br0")

    def pull_cable(self):
        self.lab.port(self.name, "down")

    def plug_cable(self):
        self.lab.port(self.name, "up")
