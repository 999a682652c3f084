package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
)

// errDeclined is the error of a question that was not answered with yes.
var errDeclined = errors.New("nothing was done")

// confirmFlag adds --yes, which answers the question of [confirm] beforehand.
func confirmFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("yes", false, "do it without asking; only a terminal is asked")
}

// confirm asks on a terminal whether to go on, and returns a usage error unless the answer is
// yes. A script is not asked: it has said what it wants.
func confirm(cmd *cobra.Command, yes bool, question string) error {
	if !asks(cmd, yes) {
		return nil
	}
	return askYes(cmd.InOrStdin(), cmd.ErrOrStderr(), question)
}

// asks reports whether [confirm] asks: on a terminal, unless the answer was given beforehand.
func asks(cmd *cobra.Command, yes bool) bool {
	in, ok := cmd.InOrStdin().(*os.File)
	return !yes && ok && isatty.IsTerminal(in.Fd())
}

// askYes asks a question, and returns a usage error unless the answer is yes.
func askYes(in io.Reader, out io.Writer, question string) error {
	fmt.Fprintf(out, "%s [y/N, 是/否] ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return nil
	}
	return app.Usage(errDeclined)
}
