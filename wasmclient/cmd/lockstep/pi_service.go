//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"lockstep/shared/sigv4"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/wasmclient/compute"
	"lockstep/wasmclient/compute/overhttp"
)

// piService is how pi is estimated by a service.
type piService struct {
	computeService
	asUser
	Cluster     bool   `help:"Start a run of a cluster, and follow it."`
	Shards      *int   `placeholder:"K" help:"Into how many shards a run is divided: 1 to 10000, of at most 10^11 simulations; by default one for each 10^10."`
	Follow      string `placeholder:"ID" help:"Follow a run that was started before."`
	ProgressURL string `name:"progress-url" placeholder:"URL" help:"Where the progress of runs is: deployed, the Function URL for it; by default, where the service is."`
}

// foreign says which flags don't go with --local.
func (c piCommand) foreign() error {
	for name, given := range map[string]bool{
		"--url": c.URL != "", "--sign": c.Sign, "--timeout": c.Timeout != nil, "--user": c.User != "",
		"--cluster": c.Cluster, "--shards": c.Shards != nil, "--follow": c.Follow != "", "--progress-url": c.ProgressURL != "",
	} {
		if given {
			return errors.New(name + " is for a service, and --local does without")
		}
	}
	return nil
}

func (c piCommand) validateService() error {
	if c.ProgressURL != "" {
		if _, err := oldapi.ParseBase(c.ProgressURL); err != nil {
			return err
		}
	}
	if err := errors.Join(c.validate(), c.user().Check()); err != nil {
		return err
	}
	switch {
	case c.Follow != "":
		return c.validateFollow()
	case c.Cluster:
		return c.validateCluster()
	case c.Shards != nil || c.ProgressURL != "":
		return errors.New("--shards and --progress-url are for --cluster")
	case c.Plot != "":
		return errors.New("--plot needs --local or --cluster: one request has one estimate, which is no line")
	}
	return errors.Join(from1("--concurrency", c.Concurrency, compute.MaxConcurrency),
		c.upTo(compute.MaxSimulations, " (more with --local or --cluster)"))
}

func (c piCommand) validateFollow() error {
	if c.Simulations != 0 || c.Concurrency != nil || c.Seed != nil || c.Shards != nil {
		return errors.New("--follow takes a run as it is: without --simulations, --concurrency, --seed and --shards")
	}
	return nil
}

func (c piCommand) validateCluster() error {
	if c.Concurrency != nil {
		return errors.New("--concurrency is not for --cluster: give --shards")
	}
	return errors.Join(from1("--shards", c.Shards, compute.MaxShards), c.upTo(compute.MaxRun, ""))
}

// ask has pi estimated by the service.
func (c piCommand) ask(ctx context.Context, s streams) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if c.Cluster || c.Follow != "" {
		return c.cluster(ctx, s, client)
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	task := compute.Task{Simulations: int64(c.Simulations), Concurrency: or(c.Concurrency, 0), Seed: c.Seed}
	answer, err := client.Pi(ctx, c.user(), task)
	if err != nil {
		return c.advised(err)
	}
	return c.print(s.out, answer)
}

// cluster starts a run, unless there is one to be followed, and follows it.
func (c piCommand) cluster(ctx context.Context, s streams, client *overhttp.Client) error {
	file, err := c.create() // before the run
	if err != nil {
		return err
	}
	id := c.Follow
	if id == "" {
		if id, err = c.start(ctx, client); err != nil {
			return errors.Join(err, file.Close())
		}
		_, _ = fmt.Fprintln(s.err, "run", id)
	}
	follower := client
	if c.ProgressURL != "" {
		base, err := oldapi.ParseBase(c.ProgressURL)
		if err != nil {
			return errors.Join(err, file.Close())
		}
		if follower, err = c.dial(ctx, base, sigv4.FunctionURL); err != nil {
			return errors.Join(err, file.Close())
		}
		defer follower.Close()
	}
	return c.follow(ctx, s, follower, id, func(points []compute.Point) error { return c.draw(file, points) })
}

func (c piCommand) start(ctx context.Context, client *overhttp.Client) (id string, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	id, err = client.Start(ctx, c.user(), compute.Run{Simulations: int64(c.Simulations), Shards: or(c.Shards, 0), Seed: c.Seed})
	failed := new(compute.Error)
	if errors.As(err, &failed) && failed.InDoubt() {
		return "", fmt.Errorf("%w; a run may have begun all the same", err)
	}
	return id, c.advised(err)
}

// follow follows a run to its end, with a bar, and prints how it ended.
func (c piCommand) follow(ctx context.Context, s streams, follower compute.Follower, id string, draw func([]compute.Point) error) error {
	bar := newProgress(s.err, 0)
	var points []compute.Point
	last, err := compute.Follow(ctx, follower, id, c.patience(), func(p compute.Progress) {
		text := fmt.Sprintf("%d/%d", p.Done, p.Of)
		if point, is := p.Point(); is {
			points = append(points, point)
			text += " " + estimate(point)
		}
		bar.draw(p.Done, p.Of, text)
	})
	bar.clear()
	err = errors.Join(c.lostSight(err, id), draw(points))
	switch {
	case err != nil:
		return err
	case last.Answer != nil:
		return c.print(s.out, *last.Answer)
	case c.JSON:
		err = printObject(s.out, last.JSON)
	}
	return errors.Join(err, errors.New(last.Failure()))
}

// lostSight adds to the error of following a run how to follow it again.
func (c piCommand) lostSight(err error, id string) error {
	failed := new(compute.Error)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed) && failed.Status == http.StatusNotFound && strings.Contains(failed.Message, "there is no run"):
		return err
	case errors.As(err, &failed) && c.ProgressURL == "" && (failed.Status == http.StatusForbidden || failed.Status == http.StatusNotFound):
		err = fmt.Errorf("%w; of a deployed service the progress has an address of its own: --progress-url", err)
	}
	return fmt.Errorf("%w\nThe run goes on, for all that is known; to follow it again: %s", c.advised(err), c.again(id))
}

// again is the command that follows the run again.
func (c piCommand) again(id string) string {
	words := []string{"lockstep", "pi", "--follow", quoted(id)}
	for _, flag := range []struct{ name, value string }{{"--url", c.URL}, {"--progress-url", c.ProgressURL}, {"--plot", c.Plot}} {
		if flag.value != "" {
			words = append(words, flag.name, quoted(flag.value))
		}
	}
	if c.Sign {
		words = append(words, "--sign")
	}
	if c.Timeout != nil {
		words = append(words, "--timeout", c.Timeout.String())
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell reads it.
func quoted(word string) string {
	if strings.ContainsAny(word, " \t\n'\"`$&|;<>()*?[]#~!\\{}") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
