package ingest_test

import (
	"net/http"
	"testing"

	"github.com/citytally/citytally/configs/httpguard/httpguardtest"
)

func TestGatewayKeepsPagesOut(t *testing.T) {
	h := open(t)
	bearer := http.Header{"Authorization": {"Bearer " + h.token("*")}, "Content-Type": {"application/json"}}
	var routes []httpguardtest.Route
	for _, path := range []string{"/v1/submissions?area=320812", "/v1/submissions/0", "/v1/catalogue", "/v1/areas", "/healthz", "/readyz", "/", "/elsewhere"} {
		routes = append(routes, httpguardtest.Route{Path: path}, httpguardtest.Route{Path: path, Header: bearer, Body: "{}"})
	}
	httpguardtest.Run(t, h.base, routes...)
}
