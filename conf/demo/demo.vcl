# The demo's cache where varnishd and gcc are installed; ../default.vcl is the one for a server.
# `npm run demo` fills the port in.
vcl 4.1;

backend balancer {
    .host = "127.0.0.1";
    .port = "%(ENV_DEMO_BALANCER_PORT)s";
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    # browsers send to one loopback port the cookies of all of them
    unset req.http.Cookie;
    return (hash);
}

sub vcl_backend_response {
    set beresp.grace = 0s;
    if (beresp.status == 200 && beresp.http.Cache-Control !~ "no-store") {
        set beresp.ttl = 5s;
    } else {
        set beresp.uncacheable = true;
    }
    return (deliver);
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
}
