package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/cmd/citytally/present/obligation"
)

func newScheduleReminders(connect connector) *cobra.Command {
	var area string
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "reminders", Short: "List who was reminded of what, on which way, and what became of it",
		Long: `List the reminders of what is owed, in the order in which their steps came: who was
told on which way, and when, or why not. What waits is tried again by the next run of
the job remind, up to three days after the step. 列出已发出的催报提醒。`,
		Example: `  citytally schedule reminders --area 320812`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			printer, err := c.Printer(cmd.Context(), lang.language())
			if err != nil {
				return err
			}
			records, err := c.Reminders(cmd.Context(), area)
			if err != nil {
				return err
			}
			return (&obligation.Printer{Printer: printer}).Reminders(cmd.OutOrStdout(), records, format.value)
		},
	}
	cmd.Flags().StringVar(&area, "area", "", "only the area with this `code`")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
