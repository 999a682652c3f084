package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
)

func newOriginal(g *globals) *cobra.Command {
	var a client.Addresses
	var token, area, output string
	var wait time.Duration
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "original ID",
		Short: "Fetch the file that a submission came in, byte for byte",
		Long: `Fetch the file that a submission came in, byte for byte, and write it to standard
output, or to a file that does not exist yet. It is for the area and the bureau.`,
		Example: `  citytally original 5f0c8d3b7a914e62a1d09c34be57f680 --area 320812 --output 季报.xlsx`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			gateway, err := c.Gateway(token, area)
			if err != nil {
				return err
			}
			content, err := client.Original(cmd.Context(), gateway, args[0], wait, lang.language())
			if err != nil {
				return err
			}
			if output == "" {
				_, err = cmd.OutOrStdout().Write(content)
				return err
			}
			file, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if err != nil {
				return err
			}
			if _, err = file.Write(content); err != nil {
				file.Close()
				return err
			}
			return file.Close()
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&a.Gateway, "url", "", "base `URL` of the gateway, instead of that of the instance on --dir")
	flags.StringVar(&area, "area", "", "`code` of the area whose token of the instance's tokens file is taken")
	flags.StringVar(&token, "token", os.Getenv("CITYTALLY_TOKEN"), "bearer `token` of the area")
	flags.StringVar(&output, "output", "", "`path` of the file to write")
	flags.DurationVar(&wait, "wait", 10*time.Second, "how long to try a gateway that does not answer")
	lang = langFlag(cmd)
	return cmd
}
