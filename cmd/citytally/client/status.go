package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/tally"
)

// PrintStatus prints what the broker, ClickHouse and the instance say of themselves: everything that
// there is an answer of, and why there is none of the rest. The error is why the broker cannot be
// connected to, where the instance does not tell what is wrong with it.
func (c *Client) PrintStatus(ctx context.Context, w io.Writer, language present.Language, format string) error {
	printer := c.statusPrinter(ctx, language)
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err == nil {
		defer disconnect()
	}
	s, asked := c.status(ctx, log, nil)
	if asked != nil {
		return errors.Join(asked, err)
	}
	if err != nil && s.Process == nil && s.Tables == nil {
		return err
	}
	if len(s.NotReady) > 0 {
		err = nil
	}
	return errors.Join(printer.Status(w, s, format), err)
}

// statusPrinter returns a printer with the catalogue in force or, where the broker does not tell it,
// with that of the settings; with codes where there is none.
func (c *Client) statusPrinter(ctx context.Context, language present.Language) *present.Printer {
	if printer, err := c.Printer(ctx, language); err == nil {
		return printer
	}
	printer := &present.Printer{Catalogue: &catalogue.Catalogue{}, Language: language, Location: time.UTC}
	if of, err := c.settings.LoadCatalogue(); err == nil {
		printer.Catalogue, printer.Location = of, of.Zone()
	}
	return printer
}

const watchInterval = 2 * time.Second

// WatchStatus prints the status every watchInterval until ctx ends: in place on a
// terminal, else one after another, and as JSON one on each line. Where the broker or the
// instance is away it says so, and goes on. Conservation costs
// ClickHouse the more the more rows it holds, so at most a tenth of the time goes to
// computing it.
func (c *Client) WatchStatus(ctx context.Context, w io.Writer, language present.Language, format string) error {
	printer := c.statusPrinter(ctx, language)
	inPlace := present.IsTerminal(w) && format != present.FormatJSON
	var known *reconcile.Conservation
	var knownUntil time.Time
	connection := &watchedLog{}
	defer connection.close()
	for {
		var screen bytes.Buffer
		began := time.Now()
		if began.After(knownUntil) {
			known = nil
		}
		log, away := connection.open(c)
		s, err := c.status(ctx, log, known)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err // of the settings
		}
		if away != nil {
			s.NotShown = append(s.NotShown, present.Part{Part: "broker", Why: away.Error(), WhyZH: bilingual.Chinese(away)})
		}
		if format == present.FormatJSON {
			err = json.NewEncoder(&screen).Encode(s)
		} else {
			err = printer.Status(&screen, s, format)
		}
		if err != nil {
			return err
		}
		if known == nil {
			known, knownUntil = s.Conservation, time.Now().Add(10*time.Since(began))
		}
		if err := present.Redraw(w, screen.Bytes(), inPlace); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchInterval):
		}
	}
}

// watchedLog is the log of the instance that runs now, which may be another one from time to time.
type watchedLog struct {
	log   *stream.Log
	of    int // process of the instance; 0 where none runs here
	leave func()
}

// open returns the log, or why the broker cannot be connected to now.
func (l *watchedLog) open(c *Client) (*stream.Log, error) {
	if instance, err := app.FindInstance(c.settings.Dir); err == nil || errors.Is(err, app.ErrNoInstance) {
		if c.instance, c.notFound = instance, err; err != nil {
			c.instance = &app.Instance{}
		}
	}
	if l.log != nil && l.of == c.instance.PID {
		return l.log, nil
	}
	l.close()
	log, leave, err := c.openLog(zerolog.Nop())
	if err == nil {
		*l = watchedLog{log, c.instance.PID, leave}
	}
	return log, err
}

func (l *watchedLog) close() {
	if l.log != nil {
		l.leave()
		l.log = nil
	}
}

// status asks the broker, the instance and ClickHouse. A known conservation is not
// computed again; without a log nothing is told of what the broker holds.
func (c *Client) status(ctx context.Context, log *stream.Log, known *reconcile.Conservation) (*present.Status, error) {
	location, err := c.settings.Location()
	if err != nil {
		return nil, app.Usage(err)
	}
	s := &present.Status{Conservation: known, Location: location}
	s.Process = c.process()
	if log != nil {
		notShown := func(part string, err error) {
			if err != nil {
				s.NotShown = append(s.NotShown, present.Part{Part: part, Why: err.Error(), WhyZH: bilingual.Chinese(err)})
			}
		}
		s.Streams, err = log.Statuses(ctx)
		notShown("streams", err)
		s.Waiting, err = waitingMessages(ctx, log)
		notShown("waiting", err)
		s.Sources, err = c.sources(ctx, log)
		notShown("sources", err)
		s.Schedules, err = c.schedules(ctx, log)
		notShown("schedules", err)
	}
	s.NotReady = c.notReady(ctx)
	if err := c.addTables(ctx, log, s); err != nil {
		problem := clickhouseProblem(err)
		s.Problem, s.ProblemZH = problem.EN, problem.ZH
	}
	return s, nil
}

// process returns what the instance records of itself, or nil where none runs here.
func (c *Client) process() *present.Process {
	if c.notFound != nil {
		return nil
	}
	i := c.instance
	return &present.Process{
		PID: i.PID, StartedAt: i.StartedAt, Version: i.Version, HTTP: i.HTTP, NATS: configs.Mask(i.NATS),
		ClickHouseHTTP: i.ClickHouseHTTP, ClickHouseNative: i.ClickHouseNative, Operations: i.Operations, Confinement: i.Confinement,
		Exposed: i.Exposed,
	}
}

// notReady asks the instance which of its parts cannot work
// now. It returns none where there is no answer.
func (c *Client) notReady(ctx context.Context) []present.Part {
	if c.instance.Operations == "" {
		return nil
	}
	asking, err := c.instance.HTTPClient(c.settings)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*app.AnswerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.instance.Operations+"/readyz", nil)
	if err != nil {
		return nil
	}
	request.Close = true
	response, err := asking.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	var told struct{ Parts []present.Part }
	if err := json.NewDecoder(response.Body).Decode(&told); err != nil {
		return nil
	}
	return slices.DeleteFunc(told.Parts, func(p present.Part) bool { return p.Ready })
}

// clickhouseProblem is an error of ClickHouse without its query, followed by what to
// do about it.
func clickhouseProblem(err error) bilingual.Text {
	zh, _, _ := strings.Cut(bilingual.Chinese(err), " in scope SELECT")
	en, _, _ := strings.Cut(err.Error(), " in scope SELECT")
	advice := sink.Advice(err)
	return bilingual.Text{ZH: zh + "；" + advice.ZH, EN: en + "; " + advice.EN}
}

const (
	// countTimeout is how long ClickHouse may take to count its rows, and
	// statusTimeout how long to accept a connection.
	countTimeout  = 30 * time.Second
	statusTimeout = 5 * time.Second
)

// addTables adds the rows of ClickHouse's views, and the conservation where it is not
// known.
func (c *Client) addTables(ctx context.Context, log *stream.Log, s *present.Status) error {
	ctx, cancel := context.WithTimeoutCause(ctx, countTimeout, noAnswer(countTimeout))
	defer cancel()
	opening, opened := context.WithTimeoutCause(ctx, statusTimeout, noAnswer(statusTimeout))
	defer opened()
	store, err := c.openStore(opening, zerolog.Nop())
	if err != nil {
		return err
	}
	defer store.Close()
	if s.Tables, err = store.Counts(ctx); err != nil || s.Conservation != nil || log == nil {
		return err
	}
	if s.Conservation, err = reconcile.CheckConservation(ctx, log, &sink.Projection{Store: store, Log: log}, time.Now()); err != nil {
		return err
	}
	inForce, err := c.Catalogue(ctx)
	if err == nil {
		s.Conservation.Under(inForce)
	}
	return err
}

// namedWaiting is how many waiting messages of each stage are named; the others
// are counted in the table of streams.
const namedWaiting = 20

// waitingMessages names what waits for each stage.
func waitingMessages(ctx context.Context, log *stream.Log) ([]present.Waiting, error) {
	var all []present.Waiting
	var errs []error
	for _, stage := range []struct{ what, stream, consumer string }{
		{"validate", stream.Submissions, judge.Consumer},
		{"tally", stream.Accepted, tally.Consumer},
		{"insert", stream.Accepted, sink.AcceptedConsumer},
		{"insert", stream.Verdicts, sink.VerdictsConsumer},
	} {
		messages, err := log.UnacknowledgedBy(ctx, stage.stream, stage.consumer, namedWaiting)
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) { // of a stream that is gone, nothing waits
			errs = append(errs, err)
		}
		for _, m := range messages {
			all = append(all, present.Waiting{
				For: stage.what, Stream: stage.stream, Area: m.Origin.Area, Dataset: m.Origin.Dataset, Submission: m.Submission,
				Sequence: m.Sequence, Since: m.StoredAt, AgeSeconds: time.Since(m.StoredAt).Round(time.Millisecond).Seconds(),
			})
		}
	}
	return all, errors.Join(errs...)
}
