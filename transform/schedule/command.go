package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// commandSubject returns the subject of COMMANDS on which a job is asked for.
func commandSubject(job string) string { return "commands." + job }

// RunSubject returns the subject of TOTALS on which the runs for a schedule's slots are
// recorded, or, for Manual, those that people asked for.
func RunSubject(schedule string) string { return "runs." + schedule }

// Request publishes a command. Its run is recorded under the command's ID; a command with
// the ID of an earlier one is that command, and not carried out twice.
func Request(ctx context.Context, log *stream.Log, job string, command event.Command) error {
	if err := checkCommand(&command); err != nil {
		return err
	}
	body, err := json.Marshal(command)
	if err != nil {
		return fmt.Errorf("encode command: %w", err)
	}
	_, err = log.Publish(ctx, stream.Message{Subject: commandSubject(job), ID: command.ID, Body: body})
	return err
}

// Command returns what a schedule asks for at a slot, but for the command's id.
func (s *Schedule) Command(slot time.Time) event.Command {
	return event.Command{
		Schedule: s.Name, Period: resolvePeriod(s.Period, slot), Until: resolvePeriod(s.Until, slot),
		Indicator: s.Indicator, Area: s.Area, Full: s.Full,
	}
}

// maxName is how many bytes the words of a command may have.
const maxName = 255

// CheckCommand returns why the body of a message cannot be carried out as a command, nil where it
// can.
func CheckCommand(subject string, body []byte) error {
	job, _ := strings.CutPrefix(subject, commandSubject(""))
	_, err := readCommand(job, &stream.Delivery{Subject: subject, Body: body})
	return err
}

// readCommand reads a command that can be carried out; any other is a permanent error.
func readCommand(job string, d *stream.Delivery) (command event.Command, err error) {
	if d.Subject != commandSubject(job) {
		return command, event.Permanentf("subject %q: want %s", event.Excerpt(d.Subject, maxName), commandSubject(job))
	}
	if err := json.Unmarshal(d.Body, &command); err != nil {
		return command, event.Permanentf("read command: %w", err)
	}
	if !event.IsToken(command.Schedule) || len(command.Schedule) > maxName {
		return command, event.Permanentf("read command: schedule: want one token of 1 to %d bytes, got %q", maxName, event.Excerpt(command.Schedule, maxName))
	}
	if !event.IsToken(strings.ReplaceAll(command.ID, ".", "-")) || len(command.ID) > maxName {
		return command, event.Permanentf("read command: id: want 1 to %d bytes without spaces and wildcards, got %q", maxName, event.Excerpt(command.ID, maxName))
	}
	if err := checkCommand(&command); err != nil {
		return command, event.Permanentf("read command: %w", err)
	}
	for _, word := range []string{command.Indicator, command.Area, command.Catalogue} {
		if len(word) > maxName {
			return command, event.Permanentf("read command: want at most %d bytes, got %q", maxName, event.Excerpt(word, maxName))
		}
	}
	return command, nil
}

// checkCommand reports what is wrong with the periods of a command.
func checkCommand(command *event.Command) error {
	for _, period := range []string{command.Period, command.Until} {
		if period == "" {
			continue
		}
		if _, err := catalogue.ParsePeriod(period); err != nil {
			return fmt.Errorf("period: %w", err)
		}
	}
	if command.Until != "" && command.Period == "" {
		return errors.New("until: want a period beside it")
	}
	return nil
}
