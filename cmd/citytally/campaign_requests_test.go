package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// again repeats an attempt, as clients do, until it succeeds or is refused.
func (s *sender) again(ctx context.Context, what string, attempt func(context.Context) error) error {
	deadline := time.Now().Add(campaignPatience)
	for {
		limited, cancel := context.WithTimeout(ctx, 15*time.Second)
		err := attempt(limited)
		cancel()
		if err == nil || strings.HasPrefix(err.Error(), "refused") {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not after %s: %w", what, campaignPatience, err)
		}
		s.mu.Lock()
		s.retries++
		s.mu.Unlock()
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// receipt is what the gateway's answer promises.
type receipt struct {
	ID       string    `json:"id"`
	Sequence uint64    `json:"sequence"`
	Verdict  *struct{} `json:"verdict"`
}

// post uploads over HTTP until there is a receipt.
func (s *sender) post(ctx context.Context, p *parcel, wait bool) error {
	return s.again(ctx, "post", func(ctx context.Context) error {
		header := map[string]string{"Content-Type": "application/json"}
		if wait {
			header["Prefer"] = "wait=2"
		}
		r, err := s.ask(ctx, http.MethodPost, "/v1/submissions", p.body, header)
		if err != nil {
			return err
		}
		if r.ID != p.id {
			return fmt.Errorf("refused: the receipt is for %s, not %s", r.ID, p.id)
		}
		s.acknowledge(p, r.Sequence)
		return nil
	})
}

// publish sends to the broker itself, with a message id or without, as a gateway does.
func (s *sender) publish(ctx context.Context, p *parcel, id string) error {
	// A publish whose acknowledgement was lost is repeated; without an id of its
	// own that is another message with the same content.
	return s.again(ctx, "publish", func(ctx context.Context) error {
		m := nats.NewMsg("submissions." + p.Area + "." + p.Dataset)
		m.Data = p.body
		if id != "" {
			m.Header.Set(jetstream.MsgIDHeader, id)
		}
		if p.id != "" {
			m.Header.Set(event.SubmissionHeader, p.id)
		}
		ack, err := s.nats.PublishMsg(ctx, m)
		if err == nil {
			s.acknowledge(p, ack.Sequence)
		}
		return err
	})
}

// judged waits for the verdict on the newest message with the parcel.
func (s *sender) judged(ctx context.Context, p *parcel) error {
	s.mu.Lock()
	newest := slices.Max(p.receipts)
	s.mu.Unlock()
	return s.again(ctx, "await the verdict on "+p.id, func(ctx context.Context) error {
		r, err := s.ask(ctx, http.MethodGet, "/v1/submissions/"+p.id, nil, nil)
		switch {
		case err != nil:
			return err
		case r.Verdict == nil:
			return fmt.Errorf("no verdict yet")
		case p.Key != "":
			return nil
		}
		verdicts, err := s.nats.Stream(ctx, stream.Verdicts)
		if err != nil {
			return err
		}
		last, err := verdicts.GetLastMsgForSubject(ctx, "verdicts."+s.area+".yearly")
		if err != nil {
			return err
		}
		if at, _ := event.JudgedSequence(last.Header.Get(jetstream.MsgIDHeader)); at < newest {
			return fmt.Errorf("the newest verdict is on message %d, want %d", at, newest)
		}
		return nil
	})
}

func (s *sender) ask(ctx context.Context, method, path string, body []byte, header map[string]string) (*receipt, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	for key, value := range header {
		request.Header.Set(key, value)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusRequestTimeout && answer.StatusCode != http.StatusTooManyRequests {
		return nil, fmt.Errorf("refused: %s: %s", answer.Status, text)
	}
	if answer.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: %s", answer.Status, text)
	}
	r := &receipt{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("refused: the answer is no receipt: %w", err)
	}
	return r, nil
}
