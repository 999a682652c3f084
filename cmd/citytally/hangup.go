package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/token"
)

// onHangup reads again, at each SIGHUP until ctx ends, what may change while the program runs: the
// tokens file, which is nil where there is none. The settings are read and checked too; what has
// changed in them is told, and is in force from the next start on.
func onHangup(ctx context.Context, hangups <-chan os.Signal, inForce *configs.Settings, again func() (*configs.Settings, error), tokens *token.File, logger zerolog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		if tokens != nil {
			if _, err := tokens.Reload(); err != nil {
				logger.Error().Err(err).Msg("the tokens file was read again and is wrong")
			}
		}
		s, err := again()
		if err != nil {
			logger.Error().Err(err).Msg("the settings were read again and are wrong; those of the start stay in force")
			continue
		}
		changed, err := changedSettings(inForce, s)
		if err != nil {
			logger.Error().Err(err).Msg("the settings were read again and cannot be compared")
			continue
		}
		logger.Info().Strs("changed", changed).Msg("read again; settings that have changed are in force from the next start on")
	}
}

// notifyHangups returns the SIGHUPs that come from now on, and what ends that.
func notifyHangups() (<-chan os.Signal, func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	return hangups, func() { signal.Stop(hangups) }
}

// changedSettings returns the lines of settings, secrets masked, that the second ones have otherwise.
func changedSettings(first, second *configs.Settings) ([]string, error) {
	var before, after bytes.Buffer
	if err := configs.Show(first, &before); err != nil {
		return nil, err
	}
	if err := configs.Show(second, &after); err != nil {
		return nil, err
	}
	known := map[string]int{}
	for line := range strings.Lines(before.String()) {
		known[line]++
	}
	var changed []string
	for line := range strings.Lines(after.String()) {
		if known[line]--; known[line] < 0 {
			changed = append(changed, strings.TrimSpace(line))
		}
	}
	return changed, nil
}
