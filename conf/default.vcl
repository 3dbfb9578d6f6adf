# Varnish (Debian 12: 7.1) between Apache and HAProxy. It compiles this file with gcc, also at each start.
#   check:  varnishd -C -f default.vcl
#   run:    varnishd -F -n DIR/var/varnish -a 127.0.0.1:8000 -f default.vcl -s malloc,256m -T 127.0.0.1:6082
vcl 4.1;

import std;

backend haproxy {
    .host = "127.0.0.1";
    .port = "8001";
    .connect_timeout = 2s;
    .first_byte_timeout = 300s;
    .between_bytes_timeout = 60s;
    .max_connections = 500;
    .probe = {
        .url = "/haproxy-ping";
        .interval = 2s;
        .timeout = 1s;
        .window = 4;
        .threshold = 2;
        .initial = 2;
    }
}

acl purge {
    "localhost";
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    # Health of Varnish itself (worker process included), for the supervisor; never reaches Zope.
    if (req.url == "/varnish-ping") {
        return (synth(200, "OK"));
    }

    # plone.cachepurging sends PURGE /VirtualHostBase/https/ssl.devagile:443/kb/VirtualHostRoot/path
    # straight to 127.0.0.1:8000. Visitors come through Apache, which also connects from loopback:
    # so Apache must refuse PURGE (see apache-vhost.conf), an ACL alone does not.
    if (req.method == "PURGE") {
        if (client.ip !~ purge) {
            return (synth(405, "Not allowed."));
        }
        return (purge);
    }
    # After a deployment: BAN everything below a path (?kb/VirtualHostRoot/news)
    if (req.method == "BAN") {
        if (client.ip !~ purge) {
            return (synth(405, "Not allowed."));
        }
        ban("obj.http.x-url ~ ^" + regsuball(req.url, "([.+*?^$|()\[\]{}\\])", "\\\1"));
        return (synth(200, "Banned."));
    }

    if (req.method != "GET" && req.method != "HEAD" && req.method != "PUT" &&
        req.method != "POST" && req.method != "PATCH" && req.method != "OPTIONS" &&
        req.method != "DELETE") {
        return (synth(405, "Not allowed."));
    }

    # keep only the cookies Plone needs: the rest (statistics, cookie banners) would prevent caching
    if (req.http.Cookie) {
        set req.http.Cookie = ";" + req.http.Cookie;
        set req.http.Cookie = regsuball(req.http.Cookie, "; +", ";");
        set req.http.Cookie = regsuball(req.http.Cookie, ";(__ac|__cp|_ZopeId|statusmessages|auth_token)=", "; \1=");
        set req.http.Cookie = regsuball(req.http.Cookie, ";[^ ][^;]*", "");
        set req.http.Cookie = regsuball(req.http.Cookie, "^[; ]+|[; ]+$", "");
        if (req.http.Cookie == "") {
            unset req.http.Cookie;
        }
    }

    # the stale copies kept below are for the time when no Zope answers; healthy: 10 s at most
    if (std.healthy(req.backend_hint)) {
        set req.grace = 10s;
    }

    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    # logged-in people always see live pages
    if (req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
    return (hash);
}

sub vcl_hash {
    hash_data(req.url);
    # A VirtualHostBase URL already names scheme, host and port. The Host header must not count:
    # Apache sends "127.0.0.1:8000" or the public name (ProxyPreserveHost), a PURGE something else.
    if (req.url !~ "^/VirtualHostBase/") {
        hash_data(req.http.Host);
    }
    return (lookup);
}

sub vcl_backend_response {
    set beresp.http.x-url = bereq.url;
    set beresp.grace = 6h;

    # an error page of a starting or dying instance must not replace a good page
    if (beresp.status >= 500 && bereq.is_bgfetch) {
        return (abandon);
    }
    if (beresp.status >= 500) {
        set beresp.uncacheable = true;
        set beresp.ttl = 1s;
        return (deliver);
    }
    if (beresp.http.Set-Cookie || beresp.http.Cache-Control ~ "(?i)(private|no-cache|no-store)" ||
        beresp.http.Vary == "*" || (bereq.http.Authorization && beresp.http.Cache-Control !~ "(?i)public")) {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
        return (deliver);
    }
    # plone.app.caching did not say anything: do not cache (Varnish's own default would be 2 minutes)
    if (!beresp.http.Cache-Control && !beresp.http.Expires) {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
    }
    return (deliver);
}

sub vcl_backend_error {
    # shown when no Zope is left and no stale copy exists
    set beresp.http.Content-Type = "text/html; charset=utf-8";
    set beresp.http.Retry-After = "5";
    synthetic({"<!DOCTYPE html><title>Maintenance</title><h1>Site momentan&eacute;ment indisponible</h1>"});
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.x-url;
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
}
