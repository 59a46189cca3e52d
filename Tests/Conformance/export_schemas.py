"""What OCSF 1.3 and ECS 8.17 require of the events that Belfry exports, as far as it uses them."""

TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer"}


def record(required, **properties):
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


ENDPOINT = {
    "type": "object", "minProperties": 1, "additionalProperties": False,
    "properties": {"ip": {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
                   "port": {"type": "integer", "minimum": 0, "maximum": 65535}, "name": TEXT, "svc_name": TEXT},
}
USER = {"type": "object", "minProperties": 1, "properties": {"uid": TEXT, "name": TEXT}, "additionalProperties": False}

# dictionary: https://schema.ocsf.io/1.3.0/classes
BASE = {
    "class_uid": NUMBER, "category_uid": NUMBER, "activity_id": NUMBER, "activity_name": TEXT, "type_uid": NUMBER,
    "time": {"type": "integer", "minimum": 1_500_000_000_000, "maximum": 9_999_999_999_999},
    "severity_id": {"enum": [0, 1, 2, 3, 4, 5, 6, 99]}, "status_id": {"enum": [0, 1, 2, 99]},
    "status_detail": TEXT, "message": TEXT,
    "metadata": record(
        ["product", "version"], version={"const": "1.3.0"},
        product=record(["vendor_name"], name=TEXT, vendor_name=TEXT), event_code=TEXT, log_name=TEXT,
        log_provider=TEXT, sequence=NUMBER, uid=TEXT),
    "unmapped": {"type": "object", "additionalProperties": {"type": "string"}},
}
REQUIRED = ["class_uid", "category_uid", "activity_id", "type_uid", "time", "severity_id", "metadata"]


def ocsf_class(uid, activities, required, **properties):
    """A class: its id, its activities' ids, what it requires beyond the base event."""
    fixed = {"class_uid": {"const": uid}, "category_uid": {"const": uid // 1000},
             "activity_id": {"enum": activities}, "type_uid": {"enum": [uid * 100 + a for a in activities]}}
    return {"type": "object", "required": REQUIRED + required, "properties": BASE | properties | fixed,
            "additionalProperties": False}


TLS = record(["version"], version={"pattern": r"^\d\.\d$"}, cipher=TEXT)
METHOD = record([], http_method=TEXT)

OCSF = {
    3002: ocsf_class(3002, [0, 1, 2, 3, 4, 5, 6, 99], ["user"], user=USER, src_endpoint=ENDPOINT, dst_endpoint=ENDPOINT),
    3003: ocsf_class(3003, [0, 1, 2, 99], ["user"], user=USER),
    4001: ocsf_class(4001, [0, 1, 2, 3, 4, 5, 6, 7, 99], ["dst_endpoint"], src_endpoint=ENDPOINT,
                     dst_endpoint=ENDPOINT, tls=TLS),
    4002: ocsf_class(4002, [0, 1, 2, 3, 4, 5, 6, 7, 8, 99], ["dst_endpoint"], src_endpoint=ENDPOINT,
                     dst_endpoint=ENDPOINT, http_request=METHOD, http_response=record(["code"], code=NUMBER)),
    2004: ocsf_class(2004, [0, 1, 2, 3, 99], ["finding_info"],
                     finding_info=record(["title", "uid"], title=TEXT, uid=TEXT, desc=TEXT)),
    6002: ocsf_class(6002, [0, 1, 2, 3, 4, 5, 6, 7, 8, 99], ["app"],
                     app=record(["vendor_name"], name=TEXT, vendor_name=TEXT)),
    6003: ocsf_class(6003, [0, 1, 2, 3, 4, 99], ["actor", "api", "src_endpoint"],
                     actor=record([], user=USER), api=record(["operation"], operation=TEXT), src_endpoint=ENDPOINT,
                     http_request=METHOD),
    6008: ocsf_class(6008, [0, 1, 2, 99], []),
}

# https://www.elastic.co/guide/en/ecs/8.17: the closed lists of event.*, and the types of the fields in use
CATEGORIES = ["api", "authentication", "configuration", "database", "driver", "email", "file", "host", "iam",
              "intrusion_detection", "library", "malware", "network", "package", "process", "registry", "session",
              "threat", "vulnerability", "web"]
TYPES = ["access", "admin", "allowed", "change", "connection", "creation", "deletion", "denied", "device", "end",
         "error", "group", "indicator", "info", "installation", "protocol", "start", "user"]

ECS = record(
    ["@timestamp", "ecs", "event", "message"],
    **{"@timestamp": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}},
    ecs=record(["version"], version={"const": "8.17.0"}), message=TEXT,
    log=record([], level=TEXT, logger=TEXT),
    event=record(
        ["kind", "category", "type", "action", "outcome"],
        kind={"enum": ["alert", "event"]}, category={"type": "array", "items": {"enum": CATEGORIES}, "minItems": 1},
        type={"type": "array", "items": {"enum": TYPES}, "minItems": 1}, action=TEXT,
        outcome={"enum": ["failure", "success", "unknown"]}, reason=TEXT, code=TEXT, module=TEXT, dataset=TEXT,
        sequence=NUMBER, hash=TEXT, severity=NUMBER, duration=NUMBER),
    service=record([], name=TEXT, type=TEXT, version=TEXT), process=record([], pid=NUMBER),
    source=record([], address=TEXT, ip={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
                  port={"type": "integer", "minimum": 0, "maximum": 65535}),
    user=record([], hash=TEXT, name=TEXT), tls=record([], version={"pattern": r"^\d\.\d$"},
                                                      version_protocol={"const": "tls"}, cipher=TEXT),
    http=record([], response=record(["status_code"], status_code=NUMBER)), rule=record([], name=TEXT),
    belfry={"type": "object", "additionalProperties": {"type": "string"}})
