package nativeprotocol

import (
	"context"
	"net"
	"testing"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// startNative serves the shared engine's native protocol until the test ends.
func startNative(t testing.TB, bounds limits.Clients) (address string) {
	t.Helper()
	address, stop := startNativeUntil(t, bounds)
	t.Cleanup(stop)
	return address
}

// startNativeUntil serves until stop is called, which returns once the server
// has stopped.
func startNativeUntil(t testing.TB, bounds limits.Clients) (address string, stop func()) {
	t.Helper()
	e := enginetest.Open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, nil, e, bounds, zerolog.Nop()) }()
	return l.Addr().String(), func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	}
}

func TestMain(m *testing.M) { enginetest.Main(m) }
