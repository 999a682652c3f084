package sink

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

func TestDSNWithSeveralHostsIsRefused(t *testing.T) {
	for dsn, refused := range map[string]bool{
		"clickhouse://u:p@a:9000,b:9000/citytally": true, "http://a:8123,b:8123": true, "clickhouse://a,b?dial_timeout=5s": true,
		"clickhouse://u:p,q@a:9000/citytally?x=1,2": false, "clickhouse://a:9000/city,tally": false,
	} {
		_, err := ParseDSN(dsn)
		if got := err != nil && strings.Contains(err.Error(), "several"); got != refused {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// A server that accepts connections and says nothing is waited for as long as the
// caller wants and no longer.
func TestOpenLeavesASilentServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, scheme := range []string{"clickhouse", "http"} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		began := time.Now()
		_, err := Open(ctx, scheme+"://default@"+listener.Addr().String()+"/citytally", testConfig(), testLogger(t))
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("%s: after %s: %v", scheme, took, err)
		}
		cancel()
	}
}
