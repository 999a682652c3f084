package natsdtest

import "go.uber.org/goleak"

// IgnoreObjectPut has goleak pass over a goroutine of nats.go 1.55: jetstream.ObjectStore.Put
// starts one that waits for ever on a nil channel where Put ends before it first runs.
func IgnoreObjectPut() goleak.Option {
	return goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect")
}
