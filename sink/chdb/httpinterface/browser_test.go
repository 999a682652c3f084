package httpinterface

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/citytally/citytally/configs/httpguard/httpguardtest"
	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// Credentials in the URL or in headers that a page sets are no pass: the page may know them.
func TestInterfaceKeepsPagesOut(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	password := url.QueryEscape(enginetest.WriterPassword)
	credentials := http.Header{"X-Clickhouse-User": {"writer"}, "X-Clickhouse-Key": {enginetest.WriterPassword}}
	httpguardtest.Run(t, base,
		httpguardtest.Route{Path: "/"}, httpguardtest.Route{Path: "/ping"}, httpguardtest.Route{Path: "/play"},
		httpguardtest.Route{Path: "/replicas_status"}, httpguardtest.Route{Path: "/elsewhere"},
		httpguardtest.Route{Path: "/", Body: "SELECT 1"},
		httpguardtest.Route{Path: "/query?query=SELECT+1"},
		httpguardtest.Route{Path: "/?user=default&database=default", Body: "SELECT 1"},
		httpguardtest.Route{Path: "/?user=writer&password=" + password + "&query=SELECT+1"},
		httpguardtest.Route{Path: "/?query=SELECT+1", Header: credentials},
		httpguardtest.Route{Path: "/?query=SELECT+1", Header: http.Header{"Authorization": {basic("writer", enginetest.WriterPassword)}}},
	)
}
