package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
	uploader "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/transform/judge"
)

// Uploads are rejected because their period is locked, the process is killed at once,
// and the period is unlocked before anything is delivered again: also the bureau's
// decision does not let a rejected figure in, and the receipts stay what they were.
//
// Rules: verdict final.
func TestRejectedStaysRejected(t *testing.T) {
	t.Parallel()
	const uploads = 400
	dir := t.TempDir()
	p := startRun(t, dir)
	must(t, "lock", "--dir", dir, "--period", "2021", "--reason", "published")
	settled(t, attach(t, dir))
	rejected := make([]string, uploads) // ids of receipts that say so
	i, err := app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := token.Load(filepath.Join(dir, "tokens.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := tokens.Plain(token.AnyArea)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var senders sync.WaitGroup
	for worker := range 20 {
		senders.Go(func() {
			gateway := &uploader.Client{BaseURL: i.HTTP, Token: secret}
			for n := worker; n < uploads; n += 20 {
				receipts, err := gateway.Submit(ctx, uploader.Upload{
					Content: strings.NewReader(fmt.Sprintf("indicator,period,value\ngdp,2021,%d\n", 1000+n)), ContentType: "text/csv",
					Area: "320812", Dataset: "sti-annual", Wait: 20 * time.Second,
				})
				if err != nil || receipts[0].Status != string(event.Rejected) {
					t.Errorf("upload %d: %+v, %v", n, receipts, err)
					return
				}
				rejected[n] = receipts[0].ID
			}
		})
	}
	senders.Wait()
	p.stop(t, syscall.SIGKILL)
	unlockWhileResting(t, filepath.Join(dir, "nats"))
	forgetAcknowledgements(t, filepath.Join(dir, "nats"))
	p = startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	log := attach(t, dir)
	settled(t, log)
	verdicts := map[uint64]int{}
	following, caughtUp := context.WithCancel(t.Context())
	defer caughtUp()
	err = log.Follow(following, stream.FollowConfig{Stream: stream.Verdicts}, func(d stream.Delivery) error {
		var v event.Verdict
		if err := json.Unmarshal(d.Body, &v); err != nil {
			return err
		}
		verdicts[v.Sequence]++
		if v.Outcome != event.Rejected || verdicts[v.Sequence] > 1 {
			t.Errorf("verdict %d on submission %d, its %d. one: %s", d.Sequence, v.Sequence, verdicts[v.Sequence], v.Outcome)
		}
		return nil
	}, caughtUp)
	if err != nil {
		t.Fatal(err)
	}
	if len(verdicts) != uploads {
		t.Errorf("%d submissions have a verdict, want %d", len(verdicts), uploads)
	}
	if n := strings.TrimSpace(must(t, "sql", "--dir", dir, "--format", "csv", "SELECT count() AS n FROM observations")); n != "n\n0" {
		t.Errorf("observations in ClickHouse: %s, want 0", n)
	}
	i, err = app.FindInstance(dir)
	if err != nil {
		t.Fatal(err)
	}
	gateway := &uploader.Client{BaseURL: i.HTTP, Token: secret}
	for _, id := range rejected {
		if receipt, err := gateway.Receipt(ctx, id, ""); err != nil || receipt.Status != string(event.Rejected) {
			t.Fatalf("the receipt now: %+v, %v", receipt, err)
		}
	}
}

// unlockWhileResting puts an unlock into the log of a pipeline that rests.
func unlockWhileResting(t *testing.T, dir string) {
	t.Helper()
	nc, rest := wakeBroker(t, dir)
	defer rest()
	log, err := stream.Attach(nc, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	settings := configs.Default()
	catalogue, err := settings.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	unlock := event.Decision{Kind: event.Unlock, Period: "2021", Reason: "census", Person: app.CurrentPerson()}
	if err := judge.Decide(t.Context(), log, catalogue, unlock, time.Now()); err != nil {
		t.Fatal(err)
	}
}
