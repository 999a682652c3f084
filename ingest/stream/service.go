package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/citytally/citytally/ingest/event"
)

// ErrNobodyAnswers is returned by Ask when no process serves the subject.
var ErrNobodyAnswers = errors.New("no process answers requests of this kind at present")

// Service answers requests, whose answers are not stored, on subjects outside the streams. Any
// number of processes may serve the same subjects; the broker gives each request to one.
type Service struct {
	// Name, Version and Description are what the broker's tools show (nats micro ls).
	Name, Version, Description string
	// Answers maps a subject to what answers its requests, one after the other.
	Answers map[string]Answerer
}

// Answerer answers one request. The error is a Permanent where the request is at fault.
type Answerer func(ctx context.Context, request []byte) (answer []byte, err error)

const (
	// maxWaiting and maxWaitingBytes bound the requests of a subject that wait in a process.
	// The askers of those beyond get no answer in time.
	maxWaiting      = 256
	maxWaitingBytes = 128 << 20
)

// The codes of answers that are errors.
const (
	requestAtFault = "400"
	notNow         = "503"
)

// Serve answers requests until ctx ends, and returns nil. It calls serving once the broker sends
// requests here: from then on [Log.Ask] finds this process.
func (l *Log) Serve(ctx context.Context, s Service, serving func()) error {
	service, err := micro.AddService(l.nc, micro.Config{Name: s.Name, Version: s.Version, Description: s.Description})
	if err != nil {
		return fmt.Errorf("serve requests: %w", err)
	}
	for subject, answer := range s.Answers {
		handle := micro.HandlerFunc(func(r micro.Request) { l.answer(ctx, r, answer) })
		if err := service.AddEndpoint(strings.ReplaceAll(subject, ".", "-"), handle, micro.WithEndpointSubject(subject), micro.WithEndpointPendingLimits(maxWaiting, maxWaitingBytes)); err != nil {
			return errors.Join(fmt.Errorf("serve requests on %s: %w", subject, err), service.Stop())
		}
	}
	// What the broker has answered to comes after the subscriptions.
	if l.Retry(ctx, Attempt{What: "serve requests", Timeout: 5 * time.Second, Logger: l.logger}, l.nc.FlushWithContext) == nil {
		serving()
		<-ctx.Done()
	}
	if err := service.Stop(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("end the service: %w", err)
	}
	return nil
}

func (l *Log) answer(ctx context.Context, r micro.Request, answer Answerer) {
	body, err := answer(ctx, r.Data())
	switch {
	case event.IsPermanent(err):
		err = r.Error(requestAtFault, err.Error(), nil)
	case err != nil:
		l.logger.Warn().Err(err).Str("subject", r.Subject()).Msg("request not answered")
		err = r.Error(notNow, err.Error(), nil)
	default:
		err = r.Respond(body)
	}
	if err != nil {
		l.logger.Warn().Err(err).Str("subject", r.Subject()).Msg("answer not sent")
	}
}

// Ask sends a request to a [Service] and returns its answer. The error is a Permanent where the
// request is at fault, and wraps [ErrNobodyAnswers] where nobody serves the subject.
func (l *Log) Ask(ctx context.Context, subject string, request []byte) ([]byte, error) {
	m, err := l.nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: subject, Data: request})
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("ask on %s: %w", subject, ErrNobodyAnswers)
	case errors.Is(err, nats.ErrMaxPayload):
		return nil, event.Permanentf("ask on %s: the request has %d bytes, and the broker takes %d", subject, len(request), l.MaxMessage())
	case err != nil:
		return nil, fmt.Errorf("ask on %s: %w", subject, err)
	}
	switch m.Header.Get(micro.ErrorCodeHeader) {
	case "":
		return m.Data, nil
	case requestAtFault:
		return nil, event.Permanentf("ask on %s: %s", subject, m.Header.Get(micro.ErrorHeader))
	}
	return nil, fmt.Errorf("ask on %s: %s", subject, m.Header.Get(micro.ErrorHeader))
}
