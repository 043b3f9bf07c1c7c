package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"lockstep/shared/syncquery/leaseapi"
)

// locksCommand is for operators.
type locksCommand struct {
	Ls    listCommand  `cmd:"" help:"List the leases, who waits for one, and the locks of old clients."`
	Break breakCommand `cmd:"" help:"End somebody's lease: its holder can't write under it any more."`
}

type listCommand struct {
	target
	JSON bool `name:"json" help:"Print the list as JSON."`
}

// listing is what there is.
type listing struct {
	Leases []leaseapi.Lease `json:"leases"`
	Locks  []leaseapi.Lock  `json:"locks"` // of old clients
}

// Run implements the command.
func (c listCommand) Run(ctx context.Context, s streams) error {
	server, err := c.server(ctx, true)
	if err != nil {
		return err
	}
	leases, locks, err := server.Leases(ctx)
	if err != nil {
		return err
	}
	all := listing{Leases: append([]leaseapi.Lease{}, leases...), Locks: append([]leaseapi.Lock{}, locks...)} // [] in JSON, never null
	if !c.JSON {
		return all.write(s.out)
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

func (all listing) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tSTATE\tOWNER\tTOKEN\tAGE\tEXPIRES\tENDPOINTS") // Flush has the error
	for _, l := range all.Leases {
		state := "held"
		if l.Place > 0 {
			state = fmt.Sprintf("waiting behind %d", l.Place)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", l.ID, state, cmp.Or(l.Owner, "-"), l.Token, age(l.AgeMs), l.ExpiresAt, shortened(l.Endpoints))
	}
	for _, l := range all.Locks {
		_, _ = fmt.Fprintf(w, "-\tlocked\t-\t%d\t%s\t%s\t%s\n", l.Token, age(l.AgeMs), cmp.Or(l.ExpiresAt, "never"), l.Endpoint)
	}
	return w.Flush()
}

func age(ms int64) time.Duration {
	return (time.Duration(ms) * time.Millisecond).Round(100 * time.Millisecond)
}

// shortened lists endpoints in a line that people still read.
func shortened(endpoints []string) string {
	const most = 8
	if len(endpoints) <= most {
		return strings.Join(endpoints, " ")
	}
	return strings.Join(endpoints[:most], " ") + fmt.Sprintf(" and %d more", len(endpoints)-most)
}

type breakCommand struct {
	target
	Operator string   `placeholder:"NAME" help:"Who you are, for the log; the user's name by default. On AWS, who signs."`
	IDs      []string `arg:"" name:"id" help:"The leases, by the ids that ls shows."`
}

// Run implements the command. It breaks what it can, and fails if that is not all.
func (c breakCommand) Run(ctx context.Context, s streams) error {
	server, err := c.server(ctx, true)
	if err != nil {
		return err
	}
	operator := cmp.Or(c.Operator, os.Getenv("USER"), os.Getenv("LOGNAME"), "lockstep")
	var failed []string
	for _, id := range slices.Compact(c.IDs) {
		broken, err := server.Break(ctx, id, operator)
		if err != nil {
			_, _ = fmt.Fprintf(s.err, "%s: %v\n", id, err)
			failed = append(failed, id)
			continue
		}
		_, _ = fmt.Fprintf(s.out, "%s: broken; %s had %s with token %d\n", broken.ID, cmp.Or(broken.Owner, "nobody in particular"), shortened(broken.Endpoints), broken.Token)
	}
	if len(failed) > 0 {
		return fmt.Errorf("not broken: %s", strings.Join(failed, " "))
	}
	return nil
}
