package natsd_test

import (
	"context"
	"fmt"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd"
)

// A NATS server with JetStream runs in this process, without a port. A publish that has
// been acknowledged is on disk.
func ExampleStart() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "natsd-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	server, err := natsd.Start(ctx, natsd.Config{Dir: dir, Port: natsd.NoPort}, zerolog.Nop())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	if err := publish(ctx, server); err != nil {
		fmt.Println(err)
	}
	// Output: stored in EVENTS at sequence 1
}

func publish(ctx context.Context, server *natsd.Server) error {
	conn, err := nats.Connect("", server.InProcess())
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events.*"}}); err != nil {
		return err
	}
	ack, err := js.Publish(ctx, "events.first", []byte("hello"))
	if err != nil {
		return err
	}
	fmt.Printf("stored in %s at sequence %d\n", ack.Stream, ack.Sequence)
	return nil
}
