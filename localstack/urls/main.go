// Command urls prints where a deployed stack answers, a line a service, as
// name=http://... . It asks CloudFormation for the stack's outputs, in the usual
// environment; with AWS_ENDPOINT_URL set it says how to get there through that
// endpoint, which is LocalStack.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func main() {
	stack := flag.String("stack", "lockstep", "the stack's `name`")
	only := flag.String("only", "", "print the URL of this `service` alone, without its name")
	flag.Parse()
	if err := run(context.Background(), *stack, *only); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "urls:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stack, only string) error {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	answer, err := cloudformation.NewFromConfig(settings).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &stack})
	if err != nil {
		return err
	}
	if len(answer.Stacks) == 0 {
		return fmt.Errorf("there is no stack %s", stack)
	}
	found, err := urls(answer.Stacks[0].Outputs, os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		return err
	}
	for _, u := range found {
		switch only {
		case "":
			fmt.Printf("%s=%s\n", u.name, u.base)
		case u.name:
			fmt.Println(u.base)
			return nil
		}
	}
	if only != "" {
		return fmt.Errorf("the stack %s has no output for %s", stack, only)
	}
	return nil
}

// names is what the template's outputs with a base URL are called here.
var names = map[string]string{"LocksUrl": "locks", "LocksWatchUrl": "watch", "ToystoreUrl": "toystore", "ComputeUrl": "compute", "ComputeProgressUrl": "progress", "ShopUrl": "shop", "ShopExportUrl": "export"}

// queue is the output that names the queue of the shop's events.
const queue = "OrdersQueue"

type service struct{ name, base string }

// urls returns the base URLs among a stack's outputs, without a slash at the end.
func urls(outputs []types.Output, endpoint string) (found []service, err error) {
	for _, o := range outputs {
		if aws.ToString(o.OutputKey) == queue { // it is no URL of a service's: it names the queue
			found = append(found, service{"queue", aws.ToString(o.OutputValue)})
			continue
		}
		name, ok := names[aws.ToString(o.OutputKey)]
		if !ok {
			continue
		}
		base := strings.TrimRight(aws.ToString(o.OutputValue), "/")
		if endpoint != "" {
			if base, err = through(endpoint, base); err != nil {
				return nil, fmt.Errorf("output %s: %w", aws.ToString(o.OutputKey), err)
			}
		}
		found = append(found, service{name, base})
	}
	slices.SortFunc(found, func(a, b service) int { return cmp.Compare(a.name, b.name) })
	return found, nil
}

// through turns a base URL into the one that LocalStack serves at its endpoint. Its
// own outputs have hosts that no name server knows.
func through(endpoint, base string) (string, error) {
	e, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	id, rest, _ := strings.Cut(b.Host, ".")
	kind, rest, _ := strings.Cut(rest, ".")
	switch kind {
	case "execute-api":
		return e.Scheme + "://" + e.Host + "/_aws/execute-api/" + id + b.Path, nil
	case "lambda-url":
		region, _, _ := strings.Cut(rest, ".")
		// A Function URL has no other way in than its host; this name means 127.0.0.1.
		return fmt.Sprintf("%s://%s.lambda-url.%s.localhost.localstack.cloud:%s", e.Scheme, id, region, cmp.Or(e.Port(), "4566")), nil
	default:
		return "", fmt.Errorf("%s is neither a REST API nor a Function URL", base)
	}
}
