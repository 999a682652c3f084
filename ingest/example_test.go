package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	sender "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// A client submits a CSV file and gets a receipt: the submission is on disk. Sending the
// same content again is answered with the first receipt, and stores nothing.
func Example() {
	gateway, err := startExampleGateway()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.stop()
	defer http.DefaultClient.CloseIdleConnections()

	client := &sender.Client{BaseURL: "http://" + gateway.address, Token: gateway.token}
	for range 2 {
		receipts, err := client.Submit(context.Background(), sender.Upload{
			Content: strings.NewReader("indicator,period,value\nhnte_valid,2021,35\n"), ContentType: "text/csv",
			Dataset: "sti-annual", File: "2021.csv",
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, r := range receipts {
			fmt.Println(r.Area, r.Dataset, r.File, "rows:", r.Rows, "sequence:", r.Sequence, "repeated:", r.Repeated)
		}
	}
	// Output:
	// 320812 sti-annual 2021.csv rows: 1 sequence: 1 repeated: false
	// 320812 sti-annual 2021.csv rows: 1 sequence: 1 repeated: true
}

// exampleGateway is a running gateway with an embedded broker.
type exampleGateway struct {
	address, token string
	stop           func()
}

func startExampleGateway() (_ *exampleGateway, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	cleanup := []func(){cancel}
	stop := func() {
		for i := range cleanup {
			cleanup[len(cleanup)-1-i]()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	dir, err := os.MkdirTemp("", "ingest-example-")
	if err != nil {
		return nil, err
	}
	cleanup = append(cleanup, func() { _ = os.RemoveAll(dir) })
	broker, err := natsd.Start(ctx, natsd.Config{Dir: filepath.Join(dir, "nats"), Port: natsd.NoPort}, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	cleanup = append(cleanup, func() { _ = broker.Close() })
	conn, err := nats.Connect("", broker.InProcess())
	if err != nil {
		return nil, err
	}
	cleanup = append(cleanup, conn.Close)
	log, err := stream.Open(ctx, conn, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		return nil, err
	}
	cat, err := catalogue.Parse([]byte(catalogueText))
	if err != nil {
		return nil, err
	}
	tokens, err := token.Generate(cat, filepath.Join(dir, "tokens.yaml"))
	if err != nil {
		return nil, err
	}
	token, ok := tokens.Plain("320812")
	if !ok {
		return nil, errors.New("area 320812 has no token")
	}
	config := ingest.DefaultConfig()
	config.Address = "127.0.0.1:0"
	gateway, err := ingest.New(log, cat, tokens, config, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	if err := gateway.Listen(ctx); err != nil {
		return nil, err
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = gateway.Run(ctx) }()
	cleanup = append(cleanup, func() { cancel(); <-stopped })
	<-gateway.Ready()
	return &exampleGateway{address: gateway.Addr(), token: token, stop: stop}, nil
}
