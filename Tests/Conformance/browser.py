"""A headless Chromium, driven over the DevTools protocol: what the page does in a real browser, and what the browser says of it."""

import base64
import hashlib
import itertools
import json
import os
import subprocess
import threading
from pathlib import Path

from waiting import PATIENCE, eventually
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

# Listens before the page's first line runs: what the policy refuses is told to nobody else.
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


def public_key_digest(certificate):
    """SHA-256 of the certificate's public key, as Chromium wants it for the one key that it shall believe."""
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key.stdout, check=True, capture_output=True)
    return base64.b64encode(hashlib.sha256(der.stdout).digest()).decode()


class Browser:
    """One process; each tab has its own session."""

    def __init__(self, directory, certificate):
        self.directory = Path(directory)
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--force-color-profile=srgb",
             # Other tabs are in the background; a person would see both.
             "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
             f"--ignore-certificate-errors-spki-list={public_key_digest(certificate)}",
             f"--user-data-dir={self.directory / 'profile'}", "--remote-debugging-port=0", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(self.directory / "chromium.log").open("wb"),
            env=os.environ | {"HOME": str(self.directory)})
        port = self.directory / "profile/DevToolsActivePort"
        lines = eventually(lambda: port.exists() and len(text := port.read_text().split()) == 2 and text, "Chromium to listen")
        self.socket = connect(f"ws://127.0.0.1:{lines[0]}{lines[1]}", max_size=None, compression=None, proxy=None)
        self.ids = itertools.count(1)
        self.answers, self.tabs, self.lock = {}, {}, threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            for text in self.socket:
                self.take(json.loads(text))
        except ConnectionClosed:
            pass  # Chromium ends without a farewell

    def take(self, message):
        with self.lock:
            if "id" in message:
                self.answers[message["id"]] = message
            elif message.get("sessionId") in self.tabs:
                self.tabs[message["sessionId"]].notice(message["method"], message["params"])
            self.lock.notify_all()

    def call(self, method, session=None, **parameters):
        number = next(self.ids)
        command = {"id": number, "method": method, "params": parameters}
        with self.lock:
            self.socket.send(json.dumps(command | ({"sessionId": session} if session else {})))
            assert self.lock.wait_for(lambda: number in self.answers, PATIENCE), f"Chromium does not answer {method}"
            answer = self.answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def tab(self, url, width=1200, height=800):
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session, target)
        self.tabs[session] = tab
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        tab.size(width, height)
        tab.go(url)
        return tab

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(PATIENCE)


class Tab:
    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target
        self.complaints, self.requests, self.responses = [], [], []

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def notice(self, method, parameters):
        """What the browser has to say, in its own words."""
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(argument.get("value")) for argument in parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{parameters['entry']['source']}: {parameters['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(parameters["url"])
        elif method == "Network.responseReceived":
            self.responses.append(parameters["response"])

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)

    # What a person does

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.becomes("location.href !== 'about:blank' && document.readyState === 'complete'", f"{url} to be loaded")

    def reload(self):
        self.run("window.isOld = true")
        self.call("Page.reload")
        self.becomes("!window.isOld && document.readyState === 'complete'", "the page to be loaded again")

    def size(self, width, height, scale=1, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile)

    def scheme(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def type(self, text):
        self.call("Input.insertText", text=text)

    KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), "ArrowDown": (40, ""), "ArrowUp": (38, "")}

    def press(self, key, shift=False, alt=False):
        code, text = self.KEYS[key]
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 * shift + alt}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def offline(self, is_offline):
        self.call("Network.emulateNetworkConditions", offline=is_offline, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    # What a person sees

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def becomes(self, script, what=None):
        return eventually(lambda: self.run(script), what or script)

    def texts(self, selector):
        return self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map((element) => element.textContent)")

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)})?.textContent")

    def picture(self, path):
        self.call("Page.bringToFront")
        Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
