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

// held is a row of the list. A lock of an old client has nothing but its endpoint.
type held struct {
	leaseapi.Lease
	State string `json:"state"` // held, waiting, or locked (by an old client)
}

// Run implements the command.
func (c listCommand) Run(ctx context.Context, s streams) error {
	server, err := c.server(ctx, true)
	if err != nil {
		return err
	}
	all, err := list(ctx, server)
	if err != nil {
		return err
	}
	if !c.JSON {
		return writeHeld(s.out, all)
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

// list returns the leases by token, and then the endpoints that are locked without
// one.
func list(ctx context.Context, server leaseapi.Client) ([]held, error) {
	leases, err := server.Leases(ctx)
	if err != nil {
		return nil, err
	}
	registry, err := server.Registry(ctx)
	if err != nil {
		return nil, err
	}
	all, leased := []held{}, map[string]bool{}
	for _, l := range leases {
		state := "held"
		if l.Place > 0 {
			state = "waiting"
		}
		all = append(all, held{l, state})
		for _, endpoint := range l.Endpoints {
			leased[endpoint] = true
		}
	}
	for _, e := range registry {
		if e.Locked && !leased[e.Name] {
			all = append(all, held{leaseapi.Lease{Endpoints: []string{e.Name}}, "locked"})
		}
	}
	return all, nil
}

func writeHeld(out io.Writer, all []held) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tSTATE\tOWNER\tTOKEN\tAGE\tEXPIRES\tENDPOINTS") // Flush has the error
	for _, h := range all {
		if h.State == "locked" {
			_, _ = fmt.Fprintf(w, "-\t%s\t-\t-\t-\tnever\t%s\n", h.State, strings.Join(h.Endpoints, " "))
			continue
		}
		state := h.State
		if h.Place > 0 {
			state = fmt.Sprintf("%s behind %d", h.State, h.Place)
		}
		age := (time.Duration(h.AgeMs) * time.Millisecond).Round(100 * time.Millisecond)
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", h.ID, state, cmp.Or(h.Owner, "-"), h.Token, age, h.ExpiresAt, shortened(h.Endpoints))
	}
	return w.Flush()
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
