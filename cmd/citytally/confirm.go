package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
)

// confirmFlag adds --yes, which answers the question of [confirm] beforehand.
func confirmFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("yes", false, "do it without asking; only a terminal is asked")
}

// confirm asks on a terminal whether to go on, and returns a usage error unless the answer is
// yes. A script is not asked: it has said what it wants.
func confirm(cmd *cobra.Command, yes bool, question string) error {
	in, ok := cmd.InOrStdin().(*os.File)
	if yes || !ok || !isatty.IsTerminal(in.Fd()) {
		return nil
	}
	return askYes(in, cmd.ErrOrStderr(), question)
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
	return app.Usage(fmt.Errorf("nothing was done"))
}
