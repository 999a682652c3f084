package edition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Subject is the subject of ACCEPTED on which decisions are published, those that put a
// catalogue in force among them.
const Subject = "accepted.decisions"

// Edition is a catalogue in force from a place of the log on.
type Edition struct {
	*catalogue.Catalogue
	// Sequence is the decision's place in ACCEPTED, and Since when the broker stored it.
	Sequence uint64
	Since    time.Time
	// Decision is who decided and why.
	Decision event.Decision
}

// Read returns the catalogue that a decision at a sequence of ACCEPTED puts in force. One of
// those known that has its text is returned instead of reading it again, which takes a second
// for a large one. An error is a [*event.NewerLayout]: to go on under another catalogue would
// make other totals.
func Read(sequence uint64, d *event.Decision, known ...*catalogue.Catalogue) (*catalogue.Catalogue, error) {
	for _, c := range known {
		if c != nil && c.Text() == d.Catalogue {
			return c, nil
		}
	}
	c, err := catalogue.Parse([]byte(d.Catalogue))
	if err != nil {
		return nil, &event.NewerLayout{Content: fmt.Errorf("message %d of ACCEPTED puts a catalogue in force that cannot be read: %w", sequence, err)}
	}
	return c, nil
}

// Rules are the text of rules in force from a place of the log on. What is in it, package
// rules reads, under the catalogue in force.
type Rules struct {
	Text string
	// Sequence is the decision's place in ACCEPTED, and Since when the broker stored it.
	Sequence uint64
	Since    time.Time
	Decision event.Decision
}

// Version identifies the text: the first 12 hex digits of its SHA-256.
func (r *Rules) Version() string { return catalogue.VersionOf([]byte(r.Text)) }

// Editions are the catalogues and the rules that have been in force, the oldest first.
type Editions struct {
	All []Edition
	// Rules are empty where those of the settings have always been in force.
	Rules []Rules
	// last is the sequence of the last decision of any kind.
	last  uint64
	known []*catalogue.Catalogue // need not be read again
}

// LastEdition returns the edition in force now; false where there is none.
func (e *Editions) LastEdition() (Edition, bool) {
	if len(e.All) == 0 {
		return Edition{}, false
	}
	return e.All[len(e.All)-1], true
}

// LastRules returns the rules in force now; false where they are those of the settings.
func (e *Editions) LastRules() (Rules, bool) {
	if len(e.Rules) == 0 {
		return Rules{}, false
	}
	return e.Rules[len(e.Rules)-1], true
}

// First returns the catalogue that is in force from the log's beginning on: that of the
// first edition, since nothing says what was before it. It is nil where there is none.
func (e *Editions) First() *catalogue.Catalogue {
	if len(e.All) == 0 {
		return nil
	}
	return e.All[0].Catalogue
}

// Texts returns those of all catalogues and rules.
func (e *Editions) Texts() []string {
	var texts []string
	for i := range e.All {
		texts = append(texts, e.All[i].Text())
	}
	for i := range e.Rules {
		texts = append(texts, e.Rules[i].Text)
	}
	return texts
}

// Last returns the catalogue in force now; nil where there is none.
func (e *Editions) Last() *catalogue.Catalogue {
	last, _ := e.LastEdition()
	return last.Catalogue
}

// Of returns the catalogue with a version; nil where no edition has it.
func (e *Editions) Of(version string) *catalogue.Catalogue {
	for i := range e.All {
		if e.All[i].Version() == version {
			return e.All[i].Catalogue
		}
	}
	return nil
}

// At returns the catalogue in force as the log stood at a sequence of ACCEPTED, 0 for its end,
// with what had been decided by a time, zero for now.
func (e *Editions) At(sequence uint64, by time.Time) *catalogue.Catalogue {
	c := e.First()
	for i := range e.All {
		if at := &e.All[i]; (sequence == 0 || at.Sequence <= sequence) && (by.IsZero() || !at.Decision.Decided().After(by)) {
			c = at.Catalogue
		}
	}
	return c
}

// History reads the log's editions. Catalogues that are known are not read again.
func History(ctx context.Context, log *stream.Log, known ...*catalogue.Catalogue) (*Editions, error) {
	e := &Editions{known: known}
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := log.Follow(following, stream.FollowConfig{Stream: stream.Accepted, Subjects: []string{Subject}}, e.add, caughtUp)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read which catalogues are in force: %w", err)
	}
	return e, nil
}

// Follow calls use with the catalogue in force, where there is one, and again with each that
// comes into force, until ctx ends; and decided, after each decision, of whatever kind. The stage names the reader, as in [stream.FollowConfig]; catalogues
// that are known are not read again.
func Follow(ctx context.Context, log *stream.Log, stage string, use func(*catalogue.Catalogue), decided func(), known ...*catalogue.Catalogue) error {
	e, caughtUp := &Editions{known: known}, false
	useLast := func() {
		if last := e.Last(); last != nil && caughtUp {
			use(last)
		}
	}
	return log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted, Subjects: []string{Subject}, Stage: stage}, func(d stream.Delivery) error {
		err := e.add(d)
		useLast()
		decided()
		return err
	}, func() {
		caughtUp = true
		useLast()
	})
}

// add adds the editions of a message on [Subject]. One that cannot be read is passed over;
// the tally worker has put it aside in DEAD.
func (e *Editions) add(d stream.Delivery) error {
	e.last = d.Sequence
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil {
		if event.IsPermanent(err) {
			return nil
		}
		return err
	}
	for _, decision := range batch.Decisions {
		if decision.Kind == event.AdoptRules {
			e.Rules = append(e.Rules, Rules{Text: decision.Rules, Sequence: d.Sequence, Since: d.StoredAt, Decision: decision})
		}
		if decision.Kind != event.Adopt {
			continue
		}
		c, err := Read(d.Sequence, &decision, append(slices.Clip(e.known), e.Last())...)
		if err != nil {
			return err
		}
		e.All = append(e.All, Edition{Catalogue: c, Sequence: d.Sequence, Since: d.StoredAt, Decision: decision})
	}
	return nil
}

// FirstReason is the reason, in the log of every installation, for which the settings' catalogue and rules
// are put in force at the first start. Who shows it says it in the reader's language.
const FirstReason = "the catalogue and the rules of the settings, at the first start"

// ErrOvertaken is returned by [Editions.Adopt] when somebody has decided something since the
// editions were read.
var ErrOvertaken = errors.New("somebody else has decided something meanwhile: look again, and repeat it")

// Adopt puts a catalogue in force after the last decision that these editions know. It returns
// ErrOvertaken when there has been another since, and otherwise the place in ACCEPTED.
func (e *Editions) Adopt(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, reason string, by event.Person, now time.Time) (uint64, error) {
	sequence, err := e.decide(ctx, log, reason, by, now, event.Decision{Kind: event.Adopt, Catalogue: c.Text()})
	if err != nil {
		return 0, fmt.Errorf("put catalogue %s in force: %w", c.Version(), err)
	}
	return sequence, nil
}

// Begin puts a catalogue and the rules of a text in force, together, as the log begins.
func (e *Editions) Begin(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, ruleText, reason string, by event.Person, now time.Time) error {
	_, err := e.decide(ctx, log, reason, by, now, event.Decision{Kind: event.Adopt, Catalogue: c.Text()}, event.Decision{Kind: event.AdoptRules, Rules: ruleText})
	if err != nil {
		return fmt.Errorf("put catalogue %s and rules %s in force: %w", c.Version(), catalogue.VersionOf([]byte(ruleText)), err)
	}
	return nil
}

// AdoptRules puts the rules of a text in force, as Adopt does a catalogue. The caller has
// found that they fit the catalogue in force.
func (e *Editions) AdoptRules(ctx context.Context, log *stream.Log, text, reason string, by event.Person, now time.Time) (uint64, error) {
	sequence, err := e.decide(ctx, log, reason, by, now, event.Decision{Kind: event.AdoptRules, Rules: text})
	if err != nil {
		return 0, fmt.Errorf("put rules %s in force: %w", catalogue.VersionOf([]byte(text)), err)
	}
	return sequence, nil
}

// decide publishes decisions after the last one that these editions know.
func (e *Editions) decide(ctx context.Context, log *stream.Log, reason string, by event.Person, now time.Time, decisions ...event.Decision) (uint64, error) {
	if strings.TrimSpace(reason) == "" {
		return 0, errors.New("reason: say why, for those who ask later")
	}
	if r, found := event.ControlIn(reason, ""); found {
		return 0, fmt.Errorf("reason: take the control character %U out", r)
	}
	for i := range decisions {
		d := &decisions[i]
		d.Reason, d.By, d.At, d.Person = reason, by.Name, now.UnixMilli(), by
	}
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Decisions: decisions})
	if err != nil {
		return 0, err
	}
	published, err := log.Publish(ctx, stream.Message{Subject: Subject, Body: body, ExpectLast: &e.last})
	if errors.Is(err, stream.ErrConflict) {
		return 0, ErrOvertaken
	}
	if err != nil {
		return 0, err
	}
	return published[0].Sequence, nil
}
