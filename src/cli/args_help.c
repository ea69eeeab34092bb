#include "cli/args.h"
#include "cli/options.h"

static const char *const operand_words[] = {
    [DQ_OPERANDS_NONE] = "",
    [DQ_OPERANDS_MODEL_TENSORS] = " [MODEL] [TENSOR...]",
    [DQ_OPERANDS_REFERENCE_MODEL_TENSORS] = " REFERENCE MODEL [TENSOR...]",
    [DQ_OPERANDS_TO_MEASURE] = " [MODEL] [TENSOR...]",
};

/* What --help says about the operands. */
static const char *const operand_help[] = {
    [DQ_OPERANDS_NONE] = "",
    [DQ_OPERANDS_MODEL_TENSORS] =
        "\nMODEL: a GGUF file, any file of a split set, a directory with one model, or one in\n"
        "a cache: hf:OWNER/REPO[:QUANT], ollama:NAME[:TAG].\n"
        "Without it, $GGUF_DQ_MODEL or the only model in the current directory is used.\n"
        "TENSOR: the same as --tensor TENSOR.\n",
    [DQ_OPERANDS_REFERENCE_MODEL_TENSORS] =
        "\nREFERENCE, MODEL: a GGUF file, any file of a split set, a directory with one\n"
        "model, or one in a cache: hf:OWNER/REPO[:QUANT], ollama:NAME[:TAG]. REFERENCE\n"
        "may also be a safetensors file, a directory with these, or a .npy file.\n"
        "TENSOR: the same as --tensor TENSOR.\n",
    [DQ_OPERANDS_TO_MEASURE] =
        "\nMODEL: measure the types of this model: a GGUF file, any file of a split set, or\n"
        "a directory with one model. Without it, all types are measured; with only a TENSOR,\n"
        "those of $GGUF_DQ_MODEL or of the only model in the current directory.\n"
        "TENSOR: measure the types of these tensors only: name or pattern.\n",
};

void dq_args_usage(FILE *to)
{
    const char *lead = "usage:";
    for (const struct dq_command *c = dq_commands; c->name; c++, lead = "      ")
        fprintf(to, "%s gguf-dq %s [option...]%s\n", lead, c->name, operand_words[c->operands]);
}

static void print_options(unsigned bit, FILE *to)
{
    for (size_t i = 0; i < dq_n_options; i++) {
        const struct dq_option *o = &dq_options[i];
        char left[64];
        if (!(o->commands & bit))
            continue;
        snprintf(left, sizeof left, "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
            o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name,
            o->arg && *o->arg != '[' ? " " : "", o->arg ? o->arg : "");
        fprintf(to, "  %-27s %s\n", left, o->help);
    }
}

void dq_args_help(const struct dq_command *command, FILE *to)
{
    if (command) {
        fprintf(to, "usage: gguf-dq %s [option...]%s\n\n%s\n\n", command->name,
            operand_words[command->operands], command->summary);
        print_options(command->bit, to);
        fputs(operand_help[command->operands], to);
        return;
    }
    fputs("usage: gguf-dq COMMAND [option...] [MODEL] [TENSOR...]\n\n"
          "Extracts tensors from GGUF models as plain arrays.\n\n",
        to);
    for (const struct dq_command *c = dq_commands; c->name; c++)
        fprintf(to, "  %-10s %s\n", c->name, c->summary);
    fputs(
        "\n  --help     this help, or that of a command: gguf-dq COMMAND --help\n"
        "  --version  the version, the types and the GPU targets that are built in\n\n"
        "Example: gguf-dq extract -t 'blk.*.attn_q.weight' -o - model.gguf | python3 analyse.py\n",
        to);
}
