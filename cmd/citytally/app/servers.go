package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/cmd/citytally/present/obligation"
	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/libchdb"
	"github.com/citytally/citytally/transform/tally"
)

func (p *Pipeline) openStore(ctx context.Context) error {
	if err := p.dialStore(); err != nil {
		return err
	}
	p.Store.FollowCalendar(p.settings.LoadCalendar)
	if p.options.StoreMayBeAway && (p.Engine == nil || p.Engine.Away() != nil) {
		return nil
	}
	return p.prepareStoreSoon(ctx)
}

// dialStore connects to ClickHouse, the embedded one once it has started.
func (p *Pipeline) dialStore() error {
	dsn, err := p.settings.ClickHouse.Address()
	if dsn == "" && err == nil {
		dsn, err = p.openEngine()
	}
	if err != nil {
		return err
	}
	p.Instance.ClickHouse = dsn
	c, err := p.settings.Store()
	if err != nil {
		return err
	}
	if p.Store, err = sink.Dial(dsn, c, p.child(StageSink)); err != nil {
		return err
	}
	p.closers = append(p.closers, p.Store.Close)
	p.health.addReadiness("clickhouse", p.askStore)
	return nil
}

// askStore returns why ClickHouse does not answer. The embedded one accepts
// connections while it is started again.
func (p *Pipeline) askStore(ctx context.Context) error {
	if p.Engine != nil {
		if err := p.Engine.Away(); err != nil {
			return err
		}
	}
	if !p.isPrepared() {
		if err := p.Store.Unprepared(); err != nil {
			return err
		}
	}
	return p.Store.Ping(ctx)
}

// prepareTimeout is how long the start of the pipeline waits for a ClickHouse that
// may be away: the embedded one, which may crash at that moment.
const prepareTimeout = 30 * time.Second

// prepareStoreSoon prepares the store. Where it may be away, that is left to Run
// when it takes long.
func (p *Pipeline) prepareStoreSoon(ctx context.Context) error {
	if !p.options.StoreMayBeAway {
		return p.prepareStore(ctx)
	}
	short, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	err := p.prepareStore(short)
	if sink.IsOtherSchema(err) && len(p.options.Stages) > 1 {
		return nil // Run tells of it
	}
	if err != nil && ctx.Err() == nil && short.Err() != nil {
		p.options.Logger.Warn().Err(err).Msg("ClickHouse is not ready yet; the other stages begin without it")
		return nil
	}
	return err
}

// prepareStore creates what the sink needs in ClickHouse.
func (p *Pipeline) prepareStore(ctx context.Context) error {
	if err := p.Store.Prepare(ctx, p.calendar, p.inForceSince, p.settings.Sink); err != nil {
		return err
	}
	close(p.prepared)
	return nil
}

// schemaInterval is how often tables of another program are looked at, until this one can use them.
const schemaInterval = 2 * time.Second

// prepareLater prepares the store while the stages run. It waits for tables that a newer program
// has made: that program may come back, or a person fills them from the log again. Any other error
// ends the sink alone, unless it is the only stage here.
func (p *Pipeline) prepareLater(ctx context.Context) error {
	again := time.NewTicker(schemaInterval)
	defer again.Stop()
	for told := false; ; told = true {
		err := p.prepareStore(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case len(p.running) == 1:
			return err
		case !sink.IsOtherSchema(err):
			p.health.stop(StageSink, err)
			p.options.Logger.Error().Err(err).Msg("ClickHouse cannot be prepared; the other stages go on without it")
			return nil
		case !told:
			p.health.addReadiness("schema", func(context.Context) error {
				if p.isPrepared() {
					return nil
				}
				return err
			})
			p.options.Logger.Error().Err(err).Msg("the tables in ClickHouse are not this version's; the other stages go on, and the sink waits")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// isPrepared reports whether prepareStore has succeeded.
func (p *Pipeline) isPrepared() bool {
	select {
	case <-p.prepared:
		return true
	default:
		return false
	}
}

// whenPrepared returns work that begins once the store is prepared.
func (p *Pipeline) whenPrepared(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-p.prepared:
			return work(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// startingEngine is the embedded ClickHouse while it starts, beside the broker.
type startingEngine struct {
	config chdb.Config
	done   chan struct{} // closed when the other fields are set
	server *chdb.Server
	err    error
}

// beginEngine begins to start the embedded ClickHouse, after fetching it on first use, where
// this process needs one.
func (p *Pipeline) beginEngine(ctx context.Context) error {
	if !p.embedsEngine() {
		return nil
	}
	c := p.settings.EmbeddedClickHouse()
	if err := giveSecrets(&c, p.settings.Dir); err != nil {
		return err
	}
	database := cmp.Or(p.settings.Sink.Database, chdb.Database)
	c.Databases = []string{database, sink.RebuildDatabase(database), "default"}
	var readable []string // takes the place of the default, which is the whole database
	for _, view := range sink.Views() {
		readable = append(readable, database+"."+view)
	}
	c.Readable = readable
	c.Logger, c.CrashIsAway = p.child("clickhouse"), p.options.StoreMayBeAway
	e := &startingEngine{config: c, done: make(chan struct{})}
	starting, stop := context.WithCancel(ctx)
	p.closers = append(p.closers, func() (err error) {
		select {
		case <-e.done:
		default:
			stop()
			<-e.done
		}
		if e.server != nil {
			err = e.server.Close()
		}
		stop()
		return err
	})
	go func() {
		defer close(e.done)
		e.server, e.err = p.startEngine(starting, c)
	}()
	p.starting = e
	return nil
}

func (p *Pipeline) startEngine(ctx context.Context, c chdb.Config) (server *chdb.Server, err error) {
	if c.Library == "" {
		c.Library, err = libchdb.Fetch(ctx, libchdb.Config{Logger: c.Logger, Progress: p.options.Progress})
		if err != nil {
			return nil, err
		}
	}
	server, err = chdb.Start(ctx, c)
	return server, portHint(err, "--clickhouse-port and --clickhouse-http-port")
}

// openEngine waits for the embedded ClickHouse and returns its address.
func (p *Pipeline) openEngine() (dsn string, err error) {
	<-p.starting.done
	if p.Engine, err = p.starting.server, p.starting.err; err != nil {
		return "", err
	}
	watchEngine(p.registry, p.Engine)
	p.Instance.ClickHouseHTTP, p.Instance.ClickHouseNative = p.Engine.HTTPURL(), p.Engine.NativeAddr()
	if p.Engine.Away() == nil {
		p.Instance.Confinement = p.Engine.Confined().String()
	}
	for _, user := range p.starting.config.Users {
		if !user.ReadOnly {
			return p.Engine.DSN(user.Name), nil
		}
	}
	return "", errors.New("clickhouse.embedded.users: want one who may write")
}

func (p *Pipeline) openGateway(ctx context.Context) error {
	c := p.settings.Ingest
	c.Hosts = p.settings.HTTPHosts
	var err error
	if p.has(StageIngest) {
		if p.Tokens, err = p.openTokens(ctx); err != nil {
			return err
		}
	}
	log, err := p.LogAs(stageUser(StageIngest))
	if err != nil {
		return err
	}
	if p.gateway, err = ingest.New(log, p.Catalogue, p.Tokens, c, p.child(StageIngest), ingest.WithReadiness(p.ready),
		ingest.WithReaders(ingest.Readers{Tally: tally.Consumer, Accepted: sink.AcceptedConsumer, Verdicts: sink.VerdictsConsumer, Totals: sink.TotalsConsumer}),
		ingest.WithMetrics(p.instruments.gateway), ingest.WithTracer(p.tracer), ingest.WithCalendar(p.settings.LoadCalendar, p.feed)); err != nil {
		return Usage(err)
	}
	if p.has(StageIngest) {
		if err := p.gateway.Listen(ctx); err != nil {
			return portHint(err, "--http")
		}
		p.Instance.HTTP = p.gateway.URL()
	}
	p.health.addReadiness("gateway", func(context.Context) error { return p.gateway.Serving() })
	return nil
}

// feed writes what is owed as iCalendar, in the words of a language.
func (p *Pipeline) feed(w io.Writer, owed []calendar.Obligation, area, language string, at time.Time) error {
	printer := &present.Printer{Catalogue: p.Catalogue, Language: present.Language(language), Location: p.Catalogue.Zone()}
	return (&obligation.Printer{Printer: printer}).Feed(w, owed, area, at)
}

// openTokens loads the tokens file, or makes it on a new data directory. Where one is missing that
// was there, and there are tokens in the bucket, it waits for the file to be put back.
func (p *Pipeline) openTokens(ctx context.Context) (*token.File, error) {
	path, logger := p.settings.TokensFile(), p.child(StageIngest)
	if p.settings.Ingest.TokensFile != "" {
		file, err := token.Load(path, p.Catalogue)
		if err != nil {
			return nil, Usage(err)
		}
		return file, nil
	}
	file, generated, err := token.Open(path, p.Catalogue)
	switch gone, isGone := errors.AsType[*token.GoneError](err); {
	case isGone:
		issued, listed := token.List(ctx, p.Log)
		if listed != nil {
			return nil, errors.Join(Usage(gone), listed)
		}
		if !slices.ContainsFunc(issued, func(i token.Issued) bool { return i.StateAt(time.Now()) == token.InForce }) {
			return nil, Usage(fmt.Errorf("%w; or issue tokens without a file: citytally token create", gone))
		}
		logger.Error().Str("file", path).Msg("the tokens file is missing, and this data directory had one: only tokens that citytally token created are let in until it is put back; where it is no longer wanted, write one with the line: tokens: []")
		return token.Await(path, p.Catalogue), nil
	case err != nil:
		return nil, Usage(err)
	case generated:
		logger.Info().Str("file", path).Msg("tokens made, one for each area")
	}
	return file, nil
}

// portHint adds to the error of a listener whose port is taken what to do about
// it; flag is the flag that chooses the port. The broker's errors have no type, so
// their text decides.
func portHint(err error, flag string) error {
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) && !strings.Contains(err.Error(), "address already in use") {
		return err
	}
	return fmt.Errorf("%w; another program has this port, perhaps another citytally: stop it, or choose a port with %s (0 takes any free one)", err, flag)
}
