package sink

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

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
